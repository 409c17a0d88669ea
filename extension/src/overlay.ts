/** What is shown in the notebook itself: the step of each cell in its header, findings and lit lines in its editor. */

import { EditorView } from '@codemirror/view';
import { Cell } from '@jupyterlab/cells';
import { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { colourOf } from './colours';
import { diagnosticOf, Mark, showFindings, showMarks } from './lint';
import { IAnalysis, IEvidence, IFinding, IOutcome } from './protocol';
import { actionWord } from './sections/plan';
import { ISettings, Session } from './session';
import { wordsOf } from './words';

interface IBadge {
  text: string;
  role: string;
  colour: number;
  status: string;
}

export class Overlay implements IDisposable {
  constructor(
    private readonly session: Session,
    private readonly trans: TranslationBundle,
    private settings: ISettings
  ) {
    session.changed.connect(this.update, this);
    session.panel.content.cellInViewportChanged.connect(this.onCell, this);
    session.panel.disposed.connect(this.dispose, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /** Take other settings on. */
  configure(settings: ISettings): void {
    this.settings = settings;
    this.shown = new WeakMap();
    this.update();
  }

  /** Light up what an edge is there for, or nothing. */
  light(evidence: readonly IEvidence[]): void {
    const ids = this.session.analysis?.ids ?? [];
    this.lit.clear();
    for (const { write, read } of evidence) {
      for (const [place, mark] of [
        [write, 'write'],
        [read, 'read']
      ] as const) {
        const id = ids[place.cell];
        const lines = this.lit.get(id) ?? [];
        if (!lines.some(known => known.line === place.line && known.mark === mark)) {
          this.lit.set(id, [...lines, { line: place.line, mark }]);
        }
      }
    }
    for (const cell of this.panel.content.widgets) {
      this.mark(cell);
    }
  }

  private get panel(): NotebookPanel {
    return this.session.panel;
  }

  private update(): void {
    if (this.isDisposed || this.panel.isDisposed) {
      return;
    }
    const { analysis } = this.session;
    this.badges = analysis ? badgesOf(analysis, this.session, this.trans) : new Map();
    this.findings = new Map();
    for (const finding of analysis?.findings ?? []) {
      const id = finding.cell === null ? undefined : analysis?.ids[finding.cell];
      if (id !== undefined) {
        this.findings.set(id, [...(this.findings.get(id) ?? []), finding]);
      }
    }
    for (const cell of this.panel.content.widgets) {
      this.show(cell);
    }
  }

  private onCell(_: unknown, cell: Cell): void {
    this.show(cell);
  }

  private show(cell: Cell): void {
    // the header is there once the cell is, and by then the cell may be gone
    cell.ready.then(
      () => {
        if (!cell.isDisposed && !this.isDisposed) {
          this.badge(cell);
          this.squiggle(cell);
          this.mark(cell);
        }
      },
      () => undefined
    );
  }

  private badge(cell: Cell): void {
    const header = cell.node.querySelector(':scope > .jp-CellHeader');
    if (!header) {
      return;
    }
    const wanted = this.settings.badges ? this.badges.get(cell.model.id) : undefined;
    let node = header.querySelector<HTMLElement>(':scope > .jp-nb2pipe-badge');
    if (!wanted) {
      node?.remove();
      return;
    }
    if (!node) {
      node = document.createElement('div');
      header.append(node);
    }
    const classes = ['jp-nb2pipe-badge', `jp-nb2pipe-colour-${wanted.colour}`];
    if (wanted.status) {
      classes.push(`jp-mod-${wanted.status}`);
    }
    const text = wanted.role ? `${wanted.text} · ${wanted.role}` : wanted.text;
    if (node.className !== classes.join(' ')) {
      node.className = classes.join(' ');
    }
    if (node.textContent !== text) {
      node.textContent = text;
      node.title = this.trans.__('Step of the pipeline: %1', text);
    }
  }

  private squiggle(cell: Cell): void {
    const view = viewOf(cell);
    const { analysis } = this.session;
    if (!view || !analysis || this.shown.get(view) === analysis) {
      return;
    }
    this.shown.set(view, analysis);
    const findings = this.settings.squiggles
      ? (this.findings.get(cell.model.id) ?? [])
      : [];
    const diagnostics = findings.map(finding =>
      diagnosticOf(
        finding,
        view.state.doc,
        this.trans,
        finding.fixes.map(fix => {
          const words = wordsOf(fix, this.trans);
          return {
            name: words.offer,
            apply: () => this.session.fix(fix, words.done)
          };
        })
      )
    );
    showFindings(view, diagnostics);
  }

  private mark(cell: Cell): void {
    const view = viewOf(cell);
    if (view) {
      showMarks(view, this.lit.get(cell.model.id) ?? []);
    }
  }

  private badges = new Map<string, IBadge>();
  private findings = new Map<string, IFinding[]>();
  private readonly lit = new Map<string, { line: number; mark: Mark }[]>();
  /** For which analysis a cell shows findings: while one types they move with the text. */
  private shown = new WeakMap<EditorView, IAnalysis>();
  private _isDisposed = false;
}

/** The view of a cell's editor, where the cell is there and has one. */
function viewOf(cell: Cell): EditorView | null {
  const editor = cell.isDisposed ? null : cell.editor;
  return editor instanceof CodeMirrorEditor ? editor.editor : null;
}

/** What the header of each cell says: its step, or what else it is. */
function badgesOf(
  analysis: IAnalysis,
  session: Session,
  trans: TranslationBundle
): Map<string, IBadge> {
  const found = new Map<string, IBadge>();
  const put = (index: number, badge: Omit<IBadge, 'role'>) => {
    const id = analysis.ids[index];
    const roles = (analysis.roles[index] ?? []).filter(role => role !== badge.text);
    if (id !== undefined) {
      found.set(id, { ...badge, role: roles.join(' · ') });
    }
  };
  for (const index of analysis.shared) {
    const [role] = analysis.roles[index] ?? [trans.__('shared')];
    put(index, { text: role, colour: -1, status: '' });
  }
  for (const index of analysis.skipped) {
    put(index, { text: trans.__('skipped'), colour: -1, status: '' });
  }
  analysis.steps.forEach((step, number) => {
    const status = statusOf(session, step.name);
    const planned = session.runs.planned(step.name);
    const text = planned
      ? `${step.name} · ${actionWord(planned.action, trans)}`
      : step.name;
    for (const index of step.cells) {
      put(index, { text, colour: colourOf(number), status });
    }
  });
  return found;
}

/** How a step stands in the run that goes on, or in the last one: a word for a class. */
export function statusOf(session: Session, step: string): string {
  const planned = session.runs.planned(step);
  if (planned) {
    return `planned-${planned.action}`;
  }
  const steps: Record<string, IOutcome | 'running' | 'waiting'> =
    (session.running?.what === 'run' ? session.running.steps : session.ran?.steps) ?? {};
  // a step may be called as a property that every object has
  const known = Object.hasOwn(steps, step) ? steps[step] : undefined;
  if (known === undefined || typeof known === 'string') {
    return known ?? '';
  }
  return known.cached ? 'cached' : known.status.replace(' ', '-');
}
