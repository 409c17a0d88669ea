/** What is known of one open notebook: its analysis, live; what was compiled, verified and run. */

import { Notification } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { documentOf, makeFix } from './edits';
import {
  Fix,
  IAnalysis,
  ICompiled,
  IDifference,
  IFailure,
  IJob,
  INote,
  IOutcome,
  IRan,
  IReport,
  IVersions,
  JobEvent,
  JobKind
} from './protocol';
import { IOpened, openedOf } from './running/opened';
import { ISweepTable } from './running/protocol';
import { Runs } from './running/runs';
import { IRequest, Server, ServerFailure } from './server';
import { sentence } from './words';

export interface ISettings {
  live: boolean;
  delay: number;
  badges: boolean;
  squiggles: boolean;
  cache: boolean;
}

export const DEFAULTS: ISettings = {
  live: true,
  delay: 300,
  badges: true,
  squiggles: true,
  cache: true
};

/** `missing`: the server has no such part. */
export type State = 'waiting' | 'ready' | 'failed' | 'missing';

export interface IRunning {
  what: JobKind;
  job: string | null;
  steps: Record<string, IOutcome | 'running' | 'waiting'>;
  notes: INote[];
}

export class Session implements IDisposable {
  constructor(
    readonly panel: NotebookPanel,
    private readonly server: Server,
    private readonly contents: Contents.IManager,
    private readonly trans: TranslationBundle,
    private settings: ISettings
  ) {
    this.debouncer = this.newDebouncer();
    this.runs = new Runs(this, contents, trans);
    panel.disposed.connect(this.dispose, this);
    panel.context.pathChanged.connect(this.onPathChanged, this);
    panel.context.ready.then(
      () => {
        if (this.isDisposed) {
          return;
        }
        panel.context.model.contentChanged.connect(this.onContentChanged, this);
        panel.context.model.metadataChanged.connect(this.onContentChanged, this);
        void this.analyse();
        void this.resume();
      },
      () => undefined
    );
  }

  state: State = 'waiting';
  analysis: IAnalysis | null = null;
  failure: IFailure | null = null;
  compiled: ICompiled | null = null;
  versions: IVersions | null = null;
  difference: IDifference | null = null;
  report: IReport | null = null;
  ran: IRan | null = null;
  running: IRunning | null = null;
  /** What is being asked for now, of what takes a moment. */
  busy: 'compile' | 'other' | null = null;
  readonly runs: Runs;
  /** The parameters that differ from their defaults, as texts. */
  readonly given = new Map<string, string>();

  /** The path of the notebook on the server, without the name of a drive. */
  get path(): string {
    return this.contents.localPath(this.panel.context.path);
  }

  /** The step that this notebook is, where it is one of a run: what it reads is loaded, and no cell defines it. */
  get opened(): IOpened | null {
    const { context } = this.panel;
    return context.isReady
      ? openedOf(context.model.sharedModel.getMetadata('nb2pipe'))
      : null;
  }

  /** Whether nothing is being done for it. */
  get idle(): boolean {
    return this.busy === null && this.running === null;
  }

  /** Whether there is anything to say of a run: one that goes on, is over, or is planned. */
  get hasRun(): boolean {
    const { plan, sweepPlan, table } = this.runs;
    return [this.running, this.ran, this.report, plan, sweepPlan, table].some(Boolean);
  }

  /** Emitted where anything that is shown has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.debouncer.dispose();
    this.asking?.abort();
    this.hearing?.abort();
    this.runs.texts.dispose();
    Signal.clearData(this);
  }

  /** Take other settings on. */
  configure(settings: ISettings): void {
    const slower = settings.delay !== this.settings.delay;
    const begins = settings.live && !this.settings.live;
    this.settings = settings;
    if (slower) {
      this.debouncer.dispose();
      this.debouncer = this.newDebouncer();
    }
    if (begins) {
      void this.analyse();
    }
    this._changed.emit();
  }

  /** Analyse the notebook as it stands, saved or not; an answer that a newer request has overtaken is dropped. */
  async analyse(): Promise<void> {
    if (this.isDisposed || !this.panel.context.isReady) {
      return;
    }
    if (this.opened) {
      this.state = 'ready';
      this._changed.emit();
      return;
    }
    const document = documentOf(this.panel.context.model.sharedModel);
    const asked = JSON.stringify([this.path, document]);
    if (asked === this.asked) {
      return;
    }
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.asked = asked;
    this.runs.outdate();
    try {
      const analysis = await this.server.ask<IAnalysis>('analyse', {
        method: 'POST',
        body: { path: this.path, page: this.page, document },
        signal: asking.signal
      });
      if (this.asking === asking && !this.isDisposed) {
        this.analysis = analysis;
        this.state = 'ready';
        // what compiling or a run has said stays, whatever a kernel writes into the metadata
        this.failure = this.failure === this.unanalysed ? null : this.failure;
        this._changed.emit();
      }
    } catch (error) {
      if (this.asking !== asking || this.isDisposed) {
        return;
      }
      const failure = failureOf(error);
      if (failure.kind === 'stale') {
        return;
      }
      this.asked = '';
      this.failure = this.unanalysed = failure;
      this.state = error instanceof ServerFailure && error.missing ? 'missing' : 'failed';
      this._changed.emit();
    }
  }

  /** Make a quick fix, and offer to take it back. */
  fix(fix: Fix, words: string): void {
    const model = this.panel.context.model;
    const ids = this.analysis?.ids ?? [];
    const made = !model.readOnly && makeFix(model.sharedModel, ids, fix);
    const { trans } = this;
    if (!made) {
      Notification.warning(trans.__('The notebook has changed: this no longer applies.'), {
        autoClose: 5000
      });
      return;
    }
    Notification.success(words, {
      autoClose: 8000,
      actions: [
        {
          label: trans.__('Undo'),
          callback: () => {
            model.sharedModel.undo();
          }
        }
      ]
    });
  }

  /** Save the notebook, compile it to a package and write that. */
  async compile(): Promise<void> {
    if (this.busy || !(await this.saved())) {
      return;
    }
    this.busy = 'compile';
    this._changed.emit();
    try {
      this.compiled = await this.server.ask<ICompiled>('compile', {
        method: 'POST',
        body: { path: this.path }
      });
      this.failure = null;
      this.report = null;
      await this.listVersions();
      const since = this.compiled.version.since;
      if (since) {
        await this.compare(since, this.compiled.version.number);
      }
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.busy = null;
      this._changed.emit();
    }
  }

  /** Ask for the versions of the notebook's package. */
  async listVersions(): Promise<void> {
    this.versions = await this.server.ask<IVersions>('versions', {
      query: { path: this.path }
    });
    this._changed.emit();
  }

  /** Ask what is different between two versions. */
  async compare(old: string, now: string): Promise<void> {
    try {
      this.difference = await this.server.ask<IDifference>('difference', {
        query: { path: this.path, old, new: now }
      });
    } catch (error) {
      this.failure = failureOf(error);
    }
    this._changed.emit();
  }

  /** Let an earlier version be the current one. */
  async rollBack(version: string): Promise<void> {
    try {
      await this.server.ask('versions', {
        method: 'PUT',
        body: { path: this.path, version }
      });
      await this.listVersions();
    } catch (error) {
      this.failure = failureOf(error);
      this._changed.emit();
    }
  }

  /** Ask the server for what takes a moment; null where it fails, which `failure` says then, unless nobody has asked for it. */
  async ask<T>(route: string, request: IRequest, quiet = false): Promise<T | null> {
    const free = this.busy === null && !quiet;
    if (free) {
      this.busy = 'other';
      this._changed.emit();
    }
    try {
      const answer = await this.server.ask<T>(route, request);
      this.failure = quiet ? this.failure : null;
      return answer;
    } catch (error) {
      this.failure = quiet ? this.failure : failureOf(error);
      return null;
    } finally {
      if (free) {
        this.busy = null;
      }
      this._changed.emit();
    }
  }

  /** Say that what is shown has changed. */
  notify(): void {
    this._changed.emit();
  }

  /** Save the notebook and run it as a pipeline, once or for a sweep, or replay it and its package; `more` is asked for too. */
  async start(what: JobKind, more: Record<string, unknown> = {}): Promise<void> {
    if (this.running || !(await this.saved())) {
      return;
    }
    this.running = { what, job: null, steps: {}, notes: [] };
    this.failure = null;
    this.runs.begun();
    if (what === 'run') {
      this.ran = null;
    } else if (what === 'sweep') {
      this.runs.table = null;
    } else {
      this.report = null;
    }
    this._changed.emit();
    const asked = {
      run: {
        output: executedPath(this.path),
        parameters: Object.fromEntries(this.given),
        cache: this.settings.cache
      },
      sweep: { cache: this.settings.cache },
      verify: {}
    }[what];
    try {
      const job = await this.server.ask<IJob>('jobs', {
        method: 'POST',
        body: { what, path: this.path, ...asked, ...more }
      });
      await this.hear(job);
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.running = null;
      this._changed.emit();
    }
    await this.runs.ended();
  }

  /** Cancel what runs. */
  async cancel(): Promise<void> {
    const job = this.running?.job;
    if (job) {
      await this.server.ask(`jobs/${job}`, { method: 'DELETE' }).catch(() => undefined);
    }
  }

  /** Go on listening to a job that was begun before this page was loaded. */
  private async resume(): Promise<void> {
    try {
      const { jobs } = await this.server.ask<{ jobs: IJob[] }>('jobs', {
        query: { path: this.path }
      });
      const job = jobs.find(found => !found.over);
      if (job && !this.running && !this.isDisposed) {
        this.running = { what: job.what, job: job.id, steps: {}, notes: [] };
        await this.hear(job);
        this.running = null;
        this._changed.emit();
      }
    } catch {
      // that there is no such part of the server is told by the analysis
    }
  }

  private async hear(job: IJob): Promise<void> {
    const running = this.running;
    if (running === null) {
      return;
    }
    running.job = job.id;
    this.hearing = new AbortController();
    for await (const event of this.server.events(job.id, this.hearing.signal)) {
      if (this.isDisposed) {
        return;
      }
      if (event.event === 'text') {
        this.runs.texts.add(event.step, event.text);
      } else if (event.event === 'line') {
        this.runs.texts.add('', `${sentence(event.text, event.said, this.trans)}\n`);
      } else {
        this.take(running, event);
        this._changed.emit();
      }
    }
  }

  private take(running: IRunning, event: JobEvent): void {
    switch (event.event) {
      case 'steps':
        running.steps = Object.fromEntries(event.steps.map(s => [s, 'waiting']));
        break;
      case 'started':
        running.steps[event.step] = 'running';
        break;
      case 'ended':
        running.steps[event.step] = event;
        break;
      case 'note':
        running.notes.push(event);
        break;
      case 'combinations':
        this.runs.combinations = event;
        break;
      case 'answer':
        if (running.what === 'run') {
          this.ran = event.answer as IRan;
        } else if (running.what === 'sweep') {
          this.runs.table = event.answer as ISweepTable;
        } else {
          this.report = event.answer as IReport;
        }
        break;
      case 'failure':
        this.failure = event.failure;
        break;
    }
  }

  /** Save the notebook as it stands, for what is compiled and run is its file; whether that came about. */
  async saved(): Promise<boolean> {
    const { context } = this.panel;
    if (!context.model.dirty) {
      return true;
    }
    let completed = false;
    // the model may be dirty again at once: a kernel that has just started says what it is
    const hear = (_: unknown, state: string) => {
      completed = completed || state.startsWith('completed');
    };
    context.saveState.connect(hear);
    try {
      await context.save();
    } catch {
      // the reason is in a dialog of the context
    } finally {
      context.saveState.disconnect(hear);
    }
    return completed || !context.model.dirty;
  }

  private newDebouncer(): Debouncer {
    return new Debouncer(() => this.analyse(), this.settings.delay);
  }

  private onContentChanged(): void {
    if (this.settings.live) {
      void this.debouncer.invoke().catch(() => undefined);
    }
  }

  private onPathChanged(): void {
    this.compiled = this.versions = this.difference = this.report = this.ran = null;
    this.runs.forget();
    void this.analyse();
  }

  private readonly page = UUID.uuid4();
  private debouncer: Debouncer;
  private asked = '';
  private unanalysed: IFailure | null = null;
  private asking: AbortController | null = null;
  private hearing: AbortController | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

function failureOf(error: unknown): IFailure {
  if (error instanceof ServerFailure) {
    return error.failure;
  }
  return {
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error)
  };
}

/** Where the executed copy of a notebook is written. */
export function executedPath(path: string): string {
  return path.replace(/\.[^./]*$/, '') + '_executed.ipynb';
}
