/** The runs of one notebook: what a next one would do, how earlier ones went, and what is made of them. */

import { Notification } from '@jupyterlab/apputils';
import type * as nbformat from '@jupyterlab/nbformat';
import { Contents } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { IOutcome } from '../protocol';
import type { Session } from '../session';
import { givenIn, putOutputs } from './outputs';
import {
  Action,
  IComparison,
  IPlan,
  IRun,
  IRunDetails,
  ISweepPlan,
  ISweepTable,
  Made
} from './protocol';
import { Texts } from './texts';

/** What a run has of its session. */
export type Host = Pick<
  Session,
  'path' | 'given' | 'panel' | 'ran' | 'running' | 'start' | 'ask' | 'saved' | 'notify'
>;

export class Runs {
  constructor(
    private readonly host: Host,
    private readonly contents: Contents.IManager,
    private readonly trans: TranslationBundle
  ) {}

  /** What the next run would do, as long as the notebook is what it was. */
  plan: IPlan | null = null;
  sweepPlan: ISweepPlan | null = null;
  /** Whether the notebook, or a parameter, has changed since. */
  outdated = false;
  list: IRun[] | null = null;
  readonly details = new Map<string, IRunDetails>();
  comparison: IComparison | null = null;
  table: ISweepTable | null = null;
  /** How many combinations the sweep has that goes on. */
  combinations: Pick<ISweepPlan, 'count' | 'at_once' | 'why' | 'said'> | null = null;
  /** The parameters of a sweep with their values, as texts; null where the form is that of one run. */
  sweep: Map<string, string> | null = null;
  /** The runs that were chosen to be compared, at most two. */
  chosen: string[] = [];
  readonly texts = new Texts();

  /** Say what a run would do; nothing is run. */
  async makePlan(sweep = false): Promise<void> {
    if (!(await this.host.saved())) {
      return;
    }
    const parameters = Object.fromEntries(sweep ? (this.sweep ?? []) : this.host.given);
    const found = await this.host.ask<IPlan & ISweepPlan>('plan', {
      method: 'POST',
      body: { path: this.host.path, parameters, ...(sweep ? { sweep } : {}) }
    });
    if (found) {
      this.plan = sweep ? null : found;
      this.sweepPlan = sweep ? found : null;
      this.outdated = false;
      this.host.notify();
    }
  }

  /** The notebook, or a parameter, is no longer what the plan was made for. */
  outdate(): void {
    if ((this.plan || this.sweepPlan) && !this.outdated) {
      this.outdated = true;
      this.host.notify();
    }
  }

  /** What becomes of a step, where the plan holds. */
  planned(step: string): { action: Action; reason: string } | null {
    const plan = this.outdated || this.host.running ? null : this.plan;
    return plan?.steps.find(found => found.step === step) ?? null;
  }

  /** How a step went in the run that goes on, or in the last one. */
  outcome(step: string): IOutcome | null {
    const { running, ran } = this.host;
    const steps: Record<string, unknown> =
      (running?.what === 'run' ? running.steps : ran?.steps) ?? {};
    // a step may be called as a property that every object has
    const known = Object.hasOwn(steps, step) ? steps[step] : null;
    return known !== null && typeof known === 'object' ? (known as IOutcome) : null;
  }

  /** Let the form be one of several values, beginning with what it has, or of one again. */
  setSweeping(sweeping: boolean): void {
    const quoted = (text: string) => (text.includes(',') ? JSON.stringify(text) : text);
    this.sweep = sweeping
      ? new Map([...this.host.given].map(([name, text]) => [name, quoted(text)]))
      : null;
    this.outdate();
    this.host.notify();
  }

  /** Run the notebook for each combination of what the form has. */
  async startSweep(): Promise<void> {
    await this.host.start('sweep', { parameters: Object.fromEntries(this.sweep ?? []) });
  }

  /** The run to go on with: the last one, where it did not end well. */
  get unfinished(): string | null {
    const { ran, running } = this.host;
    if (running) {
      return null;
    }
    if (ran?.run) {
      return ran.ok ? null : ran.run;
    }
    const last = this.list?.[0];
    return last && resumable(last) ? last.id : null;
  }

  /** Go on with a run: with its parameters, whatever the form says now. */
  async resume(run: string): Promise<void> {
    await this.host.start('run', { resume: run, parameters: {} });
  }

  /** A job begins. */
  begun(): void {
    this.plan = this.sweepPlan = this.combinations = null;
    this.texts.clear();
  }

  /** A job has ended. */
  async ended(): Promise<void> {
    if (this.list) {
      await this.listRuns(true);
    }
  }

  /** The notebook has another name: the runs that are known are not its own. */
  forget(): void {
    this.begun();
    this.list = this.comparison = this.table = null;
    this.details.clear();
    this.chosen = [];
  }

  /** Ask for the runs; `quiet` where nobody waits for them. */
  async listRuns(quiet = false): Promise<void> {
    const found = await this.host.ask<{ runs: IRun[] }>(
      'runs',
      { query: { path: this.host.path } },
      quiet
    );
    if (found) {
      this.list = found.runs;
      this.host.notify();
    }
  }

  /** Ask for the steps of a run. */
  async show(run: IRun): Promise<void> {
    const known = this.details.get(run.id);
    if (known?.status === run.status && run.status !== 'running') {
      return;
    }
    const found = await this.host.ask<IRunDetails>(`runs/${run.id}`, {
      query: { path: this.host.path }
    });
    if (found) {
      this.details.set(run.id, found);
      this.host.notify();
    }
  }

  /** Choose a run to be compared, or no longer; of three the first one goes. */
  choose(run: string): void {
    this.chosen = this.chosen.includes(run)
      ? this.chosen.filter(other => other !== run)
      : [...this.chosen, run].slice(-2);
    this.host.notify();
  }

  /** Compare the two that were chosen, the earlier one first. */
  async compare(): Promise<void> {
    const [old, now] = [...this.chosen].sort();
    const found = await this.host.ask<IComparison>('comparison', {
      query: { path: this.host.path, old, new: now }
    });
    if (found) {
      this.comparison = found;
      this.host.notify();
    }
  }

  /** Show the table of an earlier sweep. */
  async showSweep(sweep: string): Promise<void> {
    const found = await this.host.ask<ISweepTable>(`runs/${sweep}`, {
      query: { path: this.host.path }
    });
    if (found) {
      this.table = found;
      this.host.notify();
    }
  }

  /** Have a file made of a run; where it is, or null. */
  async make(made: Made): Promise<string | null> {
    const found = await this.host.ask<{ path: string }>('opened', {
      method: 'POST',
      body: { path: this.host.path, ...made }
    });
    return found?.path ?? null;
  }

  /** Put the outputs of the executed copy into the notebook's cells; false where none of them is the copy's. */
  async showOutputs(executed: string): Promise<boolean> {
    const { trans } = this;
    const { model } = this.host.panel.context;
    let copy: nbformat.INotebookContent;
    try {
      const file = await this.contents.get(executed, { type: 'notebook', content: true });
      copy = file.content as nbformat.INotebookContent;
    } catch {
      Notification.warning(trans.__('The notebook was not run as a pipeline yet.'), {
        autoClose: 5000
      });
      return true;
    }
    const { put, others } = model.readOnly
      ? { put: 0, others: 0 }
      : putOutputs(model.sharedModel, copy);
    if (put === 0) {
      return false;
    }
    const rest =
      others > 0
        ? ` ${trans._n('%1 cell has changed since and keeps its own.', '%1 cells have changed since and keep their own.', others)}`
        : '';
    const given = givenIn(copy);
    // the cell of the parameters still has others
    const told = given ? ` ${trans.__('They are those of a run with %1.', given)}` : '';
    const shown = trans._n(
      '%1 cell shows its outputs.',
      '%1 cells show their outputs.',
      put
    );
    Notification.success(shown + told + rest, {
      autoClose: 15000,
      actions: [
        {
          label: trans.__('Undo'),
          callback: () => {
            model.sharedModel.undo();
          }
        }
      ]
    });
    return true;
  }
}

/** Whether a recorded run can be gone on with. */
export function resumable(run: IRun): boolean {
  return run.status !== 'ok' && run.status !== 'running';
}
