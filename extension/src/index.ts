/** The extension: a session for each open notebook, the panel for the one in front, the commands and where they are found. */

import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITableOfContentsTracker } from '@jupyterlab/toc';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addCommandsAround } from './around';
import { addCommands, Commands, MENU } from './commands';
import { cellById } from './edits';
import { pipelineImage } from './icons';
import { Overlay } from './overlay';
import { PipelinePanel } from './panel';
import { IActions } from './parts';
import { writeIn } from './running/amounts';
import { Server } from './server';
import { DEFAULTS, ISettings, Session } from './session';
import { showInContents } from './toc';
import { compileButton, menuButton } from './toolbar';

const ID = 'nb2pipe:plugin';

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description:
    'The notebook in front as a pipeline: its graph, its findings, compiled, verified and run.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [
    ISettingRegistry,
    ITranslator,
    ICommandPalette,
    IToolbarWidgetRegistry,
    ILayoutRestorer,
    IEditorLanguageRegistry,
    ILauncher,
    ITableOfContentsTracker
  ],
  activate
};

export default plugin;

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  settingRegistry: ISettingRegistry | null,
  translator: ITranslator | null,
  palette: ICommandPalette | null,
  toolbars: IToolbarWidgetRegistry | null,
  restorer: ILayoutRestorer | null,
  languages: IEditorLanguageRegistry | null,
  launcher: ILauncher | null,
  contents: ITableOfContentsTracker | null
): void {
  const trans = (translator ?? nullTranslator).load('nb2pipe');
  writeIn((translator ?? nullTranslator).languageCode);
  const { serviceManager, commands, shell } = app;
  const server = new Server(serviceManager.serverSettings);
  const sessions = new Map<NotebookPanel, { session: Session; overlay: Overlay }>();
  let settings: ISettings = DEFAULTS;

  /** The session of a notebook; it begins with the first that asks for it. */
  const of = (notebook: NotebookPanel | null): Session | null => {
    if (notebook === null || notebook.isDisposed) {
      return null;
    }
    const known = sessions.get(notebook);
    if (known) {
      return known.session;
    }
    const session = new Session(notebook, server, serviceManager.contents, trans, settings);
    const overlay = new Overlay(session, trans, settings);
    sessions.set(notebook, { session, overlay });
    if (contents) {
      showInContents(session, contents, () => settings.badges);
    }
    session.changed.connect(() => commands.notifyCommandChanged());
    notebook.disposed.connect(() => {
      sessions.delete(notebook);
      if (panel.session === session) {
        panel.session = of(tracker.currentWidget);
      }
    });
    return session;
  };

  const actions: IActions = {
    goTo: (session, cell, line) => void goTo(session, cell, line),
    light: (session, edge) => {
      const evidence = edge?.evidence ?? [];
      sessions.get(session.panel)?.overlay.light(evidence);
      const last = evidence[0];
      if (last) {
        void goTo(session, last.read.cell);
      }
    },
    open: path => void commands.execute('docmanager:open', { path }),
    reveal: commands.hasCommand('filebrowser:open-path')
      ? path => void commands.execute('filebrowser:open-path', { path })
      : null
  };
  const panel = new PipelinePanel(actions, languages, trans);
  shell.add(panel, 'right', { rank: 950, type: 'Pipeline' });
  restorer?.add(panel, 'nb2pipe-panel');

  tracker.forEach(notebook => of(notebook));
  tracker.widgetAdded.connect((_, notebook) => of(notebook));
  const follow = () => {
    const session = of(tracker.currentWidget);
    panel.session = session;
    void session?.analyse();
  };
  tracker.currentChanged.connect(follow);
  follow();

  addCommands(app, () => of(tracker.currentWidget), panel, trans);
  addCommandsAround(app, () => of(tracker.currentWidget), trans);
  const others = [Commands.selectStep, Commands.foldStep, Commands.create];
  for (const command of [...MENU, ...others]) {
    palette?.addItem({
      command,
      category: trans.__('Pipeline'),
      args: { isPalette: true }
    });
  }
  launcher?.add({
    command: Commands.create,
    // as JupyterLab calls the category where its own cards of notebooks are
    category: (translator ?? nullTranslator).load('jupyterlab').__('Notebook'),
    args: { isLauncher: true },
    kernelIconUrl: pipelineImage(),
    rank: 10
  });
  toolbars?.addFactory<NotebookPanel>('Notebook', 'nb2pipe-compile', () =>
    compileButton(commands, trans)
  );
  toolbars?.addFactory<NotebookPanel>('Notebook', 'nb2pipe-menu', () =>
    menuButton(commands, trans)
  );

  settingRegistry
    ?.load(ID)
    .then(loaded => {
      const take = () => {
        settings = { ...DEFAULTS, ...(loaded.composite as Partial<ISettings>) };
        for (const { session, overlay } of sessions.values()) {
          session.configure(settings);
          overlay.configure(settings);
        }
      };
      take();
      loaded.changed.connect(take);
    })
    .catch(() => undefined); // without settings the defaults hold
}

/** Go to a cell, by its position when it was analysed, and to a line of it. */
async function goTo(session: Session, place: number, line?: number): Promise<void> {
  const notebook = session.panel.content;
  const model = notebook.model;
  const found = model && cellById(model.sharedModel, session.analysis?.ids[place]);
  if (!found) {
    return;
  }
  notebook.deselectAll();
  notebook.activeCellIndex = found.index;
  await notebook.scrollToItem(found.index, 'smart').catch(() => undefined);
  const cell = notebook.widgets[found.index];
  await cell?.ready.catch(() => undefined);
  if (line !== undefined && cell && !cell.isDisposed && cell.editor) {
    cell.editor.setCursorPosition({ line: line - 1, column: 0 });
    notebook.mode = 'edit';
    cell.editor.focus();
  }
}
