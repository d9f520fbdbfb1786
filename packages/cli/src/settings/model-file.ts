import { type Command, Option } from 'commander';

/** What a command does with the model file that it was given. */
type Action<F> = (model: string, flags: F) => Promise<void>;

/**
 * Gives a command its model file, in the one way that all commands share: `funhash eval net.safetensors`, or after `--model`.
 *
 * @param hint what the model must be, behind `a model file`
 */
export function takesModel<F extends object>(command: Command, hint: string, action: Action<F>): Command {
  return command
    .argument('[model]', `a model file (.safetensors)${hint}; or give it after --model`)
    .addOption(new Option('--model <file>', 'the model file').hideHelp())
    .usage('<model> [options]')
    .action(async (given: string | undefined, { model, ...flags }: F & { readonly model?: string }) => {
      if (given !== undefined && model !== undefined)
        return command.error(`error: two models: ${given}, and ${model} after --model`);
      const path = given ?? model;
      if (path === undefined)
        return command.error(
          `error: the model is missing: funhash ${command.name()} <model file>, or --model <file>`,
        );
      return action(path, flags as unknown as F);
    });
}
