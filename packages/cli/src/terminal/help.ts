import type { Command, HelpConfiguration, OutputConfiguration } from 'commander';
import type { Output } from './output.ts';
import { padded, widthOf, wrapped } from './wrap.ts';

/** Columns of help where nothing says how wide a terminal is. */
const usual = 80;

/** What commander asks to wrap help once, for the terminal that is there. */
export const helpWidths = (output: Output): OutputConfiguration => ({
  getOutHelpWidth: () => output.columns ?? usual,
  getErrHelpWidth: () => output.noteColumns ?? usual,
});

/** Narrower descriptions stand under what they describe. */
const leastDescription = 34;

/** How help lists flags and commands on terminals of any width: a flag never runs into its description. */
export const helpLists: HelpConfiguration = {
  subcommandTerm: (command: Command) => `${command.name()} ${command.usage()}`.trim(),
  formatItem(term, termWidth, description, helper) {
    const columns = helper.helpWidth ?? usual;
    if (description === '') return `  ${term}`;
    const beside = columns - termWidth - 4;
    if (beside < leastDescription) {
      const under = wrapped(`      ${description}`, columns);
      return `  ${term}\n${under}`;
    }
    const [first, ...more] = wrapped(description, beside).split('\n');
    const indent = ' '.repeat(termWidth + 4);
    return [
      `  ${padded(term, Math.max(termWidth, widthOf(term)))}  ${first}`,
      ...more.map((line) => indent + line),
    ].join('\n');
  },
};

/** Text under a command's options: paragraphs on a line each, and examples, wrapped as the rest of the help. */
export const helpText =
  (output: Output, text: string) =>
  ({ error }: { readonly error: boolean }): string =>
    wrapped(text, (error ? output.noteColumns : output.columns) ?? usual);
