/** What steps print while they run; it is drawn by itself, some times a second. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Texts } from '../running/texts';

export function Log(props: {
  texts: Texts;
  /** The steps that run now: what they print is open. */
  running: (step: string) => boolean;
  trans: TranslationBundle;
}): React.ReactElement | null {
  const { texts, running, trans } = props;
  const [, again] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    texts.changed.connect(again);
    return () => {
      texts.changed.disconnect(again);
    };
  }, [texts]);
  return (
    <>
      {texts.steps.map(step => (
        <details key={step} className="jp-nb2pipe-log" open={running(step)}>
          <summary>
            {step === '' ? trans.__('What happens') : trans.__('What %1 prints', step)}
          </summary>
          <Tail
            text={texts.of(step)}
            label={
              step === '' ? trans.__('What happens') : trans.__('What %1 prints', step)
            }
          />
        </details>
      ))}
    </>
  );
}

/** A text of which the end is in sight, unless somebody has gone back in it. */
function Tail(props: { text: string; label: string }): React.ReactElement {
  const place = React.useRef<HTMLPreElement>(null);
  const atEnd = React.useRef(true);
  React.useLayoutEffect(() => {
    const element = place.current;
    if (element && atEnd.current) {
      element.scrollTop = element.scrollHeight;
    }
  }, [props.text]);
  return (
    <pre
      ref={place}
      role="log"
      tabIndex={0}
      aria-label={props.label}
      onScroll={event => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        atEnd.current = scrollHeight - scrollTop - clientHeight < 20;
      }}
    >
      {props.text}
    </pre>
  );
}
