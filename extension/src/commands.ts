/** The commands: what a person can ask for, about the notebook in front. */

import { JupyterFrontEnd } from '@jupyterlab/application';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { pipelineIcon } from './icons';
import { addRunCommands, RunCommands } from './running/commands';
import { Session } from './session';

export const Commands = {
  compile: 'nb2pipe:compile-notebook',
  verify: 'nb2pipe:verify-notebook',
  run: 'nb2pipe:run-pipeline',
  cancel: 'nb2pipe:cancel-run',
  show: 'nb2pipe:show-panel',
  selectStep: 'nb2pipe:select-step',
  foldStep: 'nb2pipe:fold-step',
  create: 'nb2pipe:create-notebook',
  schedule: 'nb2pipe:schedule-notebook'
} as const;

/** The commands in the order of menus. */
export const MENU = [
  Commands.compile,
  Commands.verify,
  RunCommands.plan,
  Commands.run,
  RunCommands.resume,
  Commands.cancel,
  RunCommands.outputs,
  Commands.schedule,
  Commands.show
];

const NOTHING = { type: 'object', properties: {} } as const;

/** Add the commands; `current` is the session of the notebook in front. */
export function addCommands(
  app: JupyterFrontEnd,
  current: () => Session | null,
  panel: Widget,
  trans: TranslationBundle
): void {
  const { commands, shell } = app;
  const show = () => {
    shell.activateById(panel.id);
  };
  const idle = () => current()?.idle ?? false;
  const describedBy = { args: NOTHING };
  commands.addCommand(Commands.compile, {
    label: trans.__('Compile to Pipeline'),
    caption: trans.__('Save the notebook and compile it to a Python package'),
    icon: args => (args.isPalette ? undefined : pipelineIcon),
    isEnabled: idle,
    describedBy,
    execute: async () => {
      show();
      await current()?.compile();
    }
  });
  commands.addCommand(Commands.verify, {
    label: trans.__('Verify the Pipeline'),
    caption: trans.__(
      'Run the notebook and its package, and compare all that they compute'
    ),
    isEnabled: idle,
    describedBy,
    execute: async () => {
      show();
      await current()?.start('verify');
    }
  });
  commands.addCommand(Commands.run, {
    label: trans.__('Run as Pipeline'),
    caption: trans.__('Save the notebook and run it, each step in a process of its own'),
    isEnabled: idle,
    describedBy,
    execute: async () => {
      show();
      await current()?.start('run');
    }
  });
  commands.addCommand(Commands.cancel, {
    label: trans.__('Cancel the Run of the Pipeline'),
    caption: trans.__('End what is being run as a pipeline'),
    isEnabled: () => Boolean(current()?.running),
    describedBy,
    execute: async () => {
      await current()?.cancel();
    }
  });
  addRunCommands(app, current, show, trans);
  commands.addCommand(Commands.show, {
    label: trans.__('Show the Pipeline'),
    caption: trans.__('Show the notebook as a pipeline in the side panel'),
    icon: args => (args.isPalette ? undefined : pipelineIcon),
    describedBy,
    execute: show
  });
  commands.addCommand(Commands.selectStep, {
    label: trans.__('Select the Cells of This Step'),
    caption: trans.__(
      'Select all cells from the first to the last of the step of this cell'
    ),
    isEnabled: () => stepOfActiveCell(current()) !== null,
    describedBy,
    execute: () => {
      const session = current();
      const cells = stepOfActiveCell(session);
      if (session && cells) {
        const notebook = session.panel.content;
        notebook.deselectAll();
        notebook.activeCellIndex = cells[0];
        notebook.extendContiguousSelectionTo(cells[cells.length - 1]);
      }
    }
  });
}

/** Where the cells of the active cell's step stand now. */
export function stepOfActiveCell(session: Session | null): number[] | null {
  const id = session?.panel.content.activeCell?.model.id;
  const analysis = session?.analysis;
  if (!session || !analysis || id === undefined) {
    return null;
  }
  const place = analysis.ids.indexOf(id);
  const step = analysis.steps.find(found => found.cells.includes(place));
  if (!step) {
    return null;
  }
  const ids = new Set(step.cells.map(cell => analysis.ids[cell]));
  const cells = session.panel.content.widgets
    .map((cell, index) => (ids.has(cell.model.id) ? index : -1))
    .filter(index => index >= 0);
  return cells.length > 0 ? cells : null;
}
