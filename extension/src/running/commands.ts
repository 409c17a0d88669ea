/** The commands about runs: what a run would do, to go on with one, its outputs in the notebook. */

import { JupyterFrontEnd } from '@jupyterlab/application';
import { TranslationBundle } from '@jupyterlab/translation';

import { executedPath, Session } from '../session';

export const RunCommands = {
  plan: 'nb2pipe:plan-run',
  resume: 'nb2pipe:resume-run',
  outputs: 'nb2pipe:show-outputs'
} as const;

/** Add the commands; `current` is the session of the notebook in front, `show` shows the panel. */
export function addRunCommands(
  app: JupyterFrontEnd,
  current: () => Session | null,
  show: () => void,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const idle = () => current()?.idle ?? false;
  const describedBy = { args: { type: 'object', properties: {} } } as const;
  commands.addCommand(RunCommands.plan, {
    label: trans.__('Plan a Run of the Pipeline'),
    caption: trans.__('Save the notebook and say what would run, what is cached, and why'),
    isEnabled: idle,
    describedBy,
    execute: async () => {
      show();
      await current()?.runs.makePlan();
    }
  });
  commands.addCommand(RunCommands.resume, {
    label: trans.__('Resume the Run of the Pipeline'),
    caption: trans.__(
      'Save the notebook and go on with the last run, which did not end well'
    ),
    isEnabled: () => idle() && Boolean(current()?.runs.unfinished),
    describedBy,
    execute: async () => {
      const runs = current()?.runs;
      if (runs?.unfinished) {
        show();
        await runs.resume(runs.unfinished);
      }
    }
  });
  commands.addCommand(RunCommands.outputs, {
    label: trans.__('Show Outputs of the Pipeline in the Notebook'),
    caption: trans.__(
      'Put what the last run as a pipeline showed into the cells whose text is the same; Undo takes it back'
    ),
    isEnabled: idle,
    describedBy,
    execute: async () => {
      const session = current();
      if (session) {
        const executed = executedPath(session.path);
        if (!(await session.runs.showOutputs(executed))) {
          await commands.execute('docmanager:open', { path: executed });
        }
      }
    }
  });
}
