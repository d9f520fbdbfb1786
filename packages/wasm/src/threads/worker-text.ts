/** States of a worker: the first word of its control block. */
export const states = {
  /** Not there yet: as long as a worker starts, and for ever where it cannot. */
  starting: 0,
  idle: 1,
  /** Calls wait to be taken. */
  posted: 2,
  taken: 3,
  done: 4,
  /** A module could not be loaded; none of the calls was made. */
  refused: 5,
  /** A call ended in a trap. */
  trapped: 6,
  closed: 7,
} as const;

/** Words of a control block, and what they are. */
export const control = { state: 0, commands: 1, messageLength: 2, message: 3, size: 128 } as const;

/**
 * A list of commands is made of words. A call is the number of a function, the count of its arguments and these; the
 * others begin with one of the following.
 */
export const commands = {
  end: -1,
  /** The list goes on at an address. */
  jump: -2,
  /** Bytes of a module, by address and length: its exports are the functions that follow in number. */
  load: -3,
} as const;

/** The most arguments that a function has. */
const mostArguments = 14;

/**
 * How long a thread looks for a change of state before it sleeps: about twice what waking it takes. Longer ones keep a
 * worker awake between two kernels of a training step, but cost as much at each kernel where a busy machine has both
 * threads on one core.
 */
export const spinMs = 0.1;

const parameters = Array.from({ length: mostArguments }, (_, k) => `words[at + ${k + 2}]`).join(', ');

/**
 * The script of a worker. It is a text, because a worker that is made from it needs no file of its own, wherever this
 * package lies. It waits for a list of calls in shared memory and makes them; it never needs its event loop.
 */
export const workerText = `'use strict';
const work = ({ memory, control }) => {
  const state = control / 4 + ${control.state};
  const functions = [];
  let words = new Int32Array(memory.buffer);
  let loaded = true;
  const load = (address, length) => {
    loaded = false;
    const bytes = new Uint8Array(memory.buffer, address >>> 0, length).slice();
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
    functions.push(...Object.values(exports));
    loaded = true;
  };
  const run = () => {
    let at = words[control / 4 + ${control.commands}] >>> 2;
    for (;;) {
      const command = words[at];
      if (command >= 0) {
        functions[command](${parameters});
        at += 2 + words[at + 1];
      } else if (command === ${commands.jump}) at = words[at + 1] >>> 2;
      else if (command === ${commands.load}) {
        load(words[at + 1], words[at + 2]);
        at += 3;
      } else return;
    }
  };
  const outcome = () => {
    try {
      run();
      return ${states.done};
    } catch (error) {
      const text = String(error).slice(0, ${control.size - control.message});
      const message = control / 4 + ${control.message};
      for (let k = 0; k < text.length; k++) words[message + k] = text.charCodeAt(k);
      words[control / 4 + ${control.messageLength}] = text.length;
      return loaded ? ${states.trapped} : ${states.refused};
    }
  };
  Atomics.compareExchange(words, state, ${states.starting}, ${states.idle});
  for (;;) {
    let seen = Atomics.load(words, state);
    for (const until = performance.now() + ${spinMs}; seen !== ${states.posted} && performance.now() < until; )
      for (let k = 0; k < 50 && seen !== ${states.posted}; k++) seen = Atomics.load(words, state);
    if (seen === ${states.closed} || seen === ${states.refused}) return;
    if (seen !== ${states.posted}) Atomics.wait(words, state, seen);
    else if (Atomics.compareExchange(words, state, seen, ${states.taken}) === seen) {
      if (words.buffer !== memory.buffer) words = new Int32Array(memory.buffer);
      Atomics.store(words, state, outcome());
      Atomics.notify(words, state);
    }
  }
};
if (typeof require === 'function') {
  const { parentPort, workerData } = require('node:worker_threads');
  parentPort.postMessage(true);
  work(workerData);
} else
  self.onmessage = ({ data }) => {
    postMessage(true);
    work(data);
  };
`;
