/** The commands around the panel: the cells of a step folded, a new notebook, a scheduled one. */

import { JupyterFrontEnd } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { Commands, stepOfActiveCell } from './commands';
import { areFolded, fold } from './folding';
import { pipelineIcon } from './icons';
import { canSchedule, schedule } from './schedule';
import { Session } from './session';
import { writeStarter } from './starter';

const FOLDER = {
  type: 'object',
  properties: {
    cwd: { type: 'string', description: 'The folder of the new notebook' }
  }
} as const;

/** Add the commands; `current` is the session of the notebook in front. */
export function addCommandsAround(
  app: JupyterFrontEnd,
  current: () => Session | null,
  trans: TranslationBundle
): void {
  const { commands, serviceManager } = app;
  const folded = () => {
    const session = current();
    const cells = stepOfActiveCell(session);
    return session !== null && cells !== null && areFolded(session.panel.content, cells);
  };
  commands.addCommand(Commands.foldStep, {
    label: () =>
      folded()
        ? trans.__('Expand the Cells of This Step')
        : trans.__('Collapse the Cells of This Step'),
    caption: trans.__(
      'Fold the cells of the step of this cell to a line each, or show them'
    ),
    isEnabled: () => stepOfActiveCell(current()) !== null,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      const session = current();
      const cells = stepOfActiveCell(session);
      if (session && cells) {
        fold(session.panel.content, cells, !folded());
        commands.notifyCommandChanged(Commands.foldStep);
      }
    }
  });
  commands.addCommand(Commands.create, {
    label: args =>
      args.isLauncher
        ? trans.__('Pipeline notebook')
        : args.isMenu
          ? trans.__('Pipeline Notebook')
          : trans.__('New Pipeline Notebook'),
    caption: trans.__('Create a notebook that is a pipeline: parameters and three steps'),
    icon: args => (args.isPalette ? undefined : pipelineIcon),
    describedBy: { args: FOLDER },
    execute: async args => {
      try {
        const folder = folderOf(args, current());
        const { path } = await writeStarter(serviceManager, folder, trans);
        const opened: unknown = await commands.execute('docmanager:open', { path });
        await commands.execute(Commands.show);
        return opened;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        await showErrorMessage(trans.__('The notebook could not be created'), message);
        return null;
      }
    }
  });
  commands.addCommand(Commands.schedule, {
    label: trans.__('Schedule the Notebook…'),
    caption: trans.__('Open the form of jupyter-scheduler for this notebook'),
    isVisible: () => canSchedule(commands),
    isEnabled: () => canSchedule(commands) && current() !== null,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      const session = current();
      if (session && (await session.saved())) {
        await schedule(commands, session);
      }
    }
  });
}

/** Where a new notebook goes: where the launcher stands, or else beside the notebook in front. */
function folderOf(args: ReadonlyPartialJSONObject, session: Session | null): string {
  if (typeof args.cwd === 'string') {
    return args.cwd;
  }
  return session === null ? '' : PathExt.dirname(session.panel.context.path);
}
