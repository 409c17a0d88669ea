/** What the steps of a run print while it goes on: of each the last of it. */

import { ISignal, Signal } from '@lumino/signaling';

/** The characters of a step's text that are kept, and shown. */
export const LONGEST = 20_000;

// eslint-disable-next-line no-control-regex -- the colours of a terminal are control characters
const COLOURS = /\u001b\[[0-9;?]*[A-Za-z]/g;

export class Texts {
  /** Emitted where there is more text; the rest of the panel need not be drawn again for that. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The steps that have printed something, in the order in which they did. */
  get steps(): string[] {
    return [...this.texts.keys()];
  }

  /** What a step has printed, as a terminal shows it. */
  of(step: string): string {
    return shownOf(this.texts.get(step) ?? '');
  }

  add(step: string, text: string): void {
    const whole = (this.texts.get(step) ?? '') + text;
    this.texts.set(step, whole.slice(-LONGEST));
    this._changed.emit();
  }

  clear(): void {
    this.texts.clear();
    this._changed.emit();
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private readonly texts = new Map<string, string>();
  private readonly _changed = new Signal<this, void>(this);
}

/** A text without colours, and with what a carriage return writes over written over. */
export function shownOf(text: string): string {
  return text
    .replace(COLOURS, '')
    .replace(/\r+\n/g, '\n')
    .split('\n')
    .map(line => {
      const parts = line.split('\r');
      return parts.reduce((shown, part) => part + shown.slice(part.length));
    })
    .join('\n');
}
