import { CommandRegistry } from '@lumino/commands';
import { CommandIDs, Run } from './tokens';

/** Bring a run to the front: a training in its list, anything else in the panel of its notebook. */
export function showRun(commands: CommandRegistry, run: Run): void {
  const [command, args] =
    run.kind === 'job'
      ? [CommandIDs.openJobs, { id: run.id }]
      : run.path
        ? [CommandIDs.showPanel, { path: run.path }]
        : [CommandIDs.openBuilds, {}];
  commands.execute(command, args).catch(failure => console.warn(failure));
}
