/** The parameters of the pipeline as a form: what is changed is given to the next run. */

import * as React from 'react';

import { ISectionProps, Section } from '../parts';
import { IParameter } from '../protocol';
import { SweepForm } from './sweep';

export function ParametersSection(props: ISectionProps): React.ReactElement {
  const { analysis, session, trans } = props;
  const [, again] = React.useReducer((n: number) => n + 1, 0);
  const several = session.runs.sweep !== null;
  const given = session.runs.sweep ?? session.given;
  const known = new Set(analysis.parameters.map(p => p.name));
  for (const name of given.keys()) {
    if (!known.has(name)) {
      given.delete(name);
    }
  }
  const set = (parameter: IParameter, text: string | null) => {
    if (text === null || text === textOf(parameter)) {
      given.delete(parameter.name);
    } else {
      given.set(parameter.name, text);
    }
    session.runs.outdate();
    again();
  };
  return (
    <Section name={trans.__('Parameters')} count={analysis.parameters.length} open>
      {analysis.parameters.length === 0 ? (
        <p className="jp-nb2pipe-quiet">{trans.__('No cell has the tag parameters.')}</p>
      ) : (
        <div className="jp-nb2pipe-form">
          {analysis.parameters.map(parameter => (
            <Field
              key={parameter.name}
              several={several}
              parameter={parameter}
              given={given.get(parameter.name)}
              reset={trans.__('Back to the default of %1', parameter.name)}
              set={text => set(parameter, text)}
            />
          ))}
          <SweepForm session={session} trans={trans} />
        </div>
      )}
    </Section>
  );
}

/** The default of a parameter as the text that stands in its field. */
export function textOf(parameter: IParameter): string {
  if (typeof parameter.default === 'string') {
    return parameter.default;
  }
  return parameter.type === 'bool' ? String(parameter.default) : parameter.text;
}

function Field(props: {
  parameter: IParameter;
  given: string | undefined;
  /** Whether several values may stand in it, between commas. */
  several: boolean;
  reset: string;
  set: (text: string | null) => void;
}): React.ReactElement {
  const { parameter, given, several, set } = props;
  const id = React.useId();
  const text = given ?? textOf(parameter);
  const number = !several && (parameter.type === 'int' || parameter.type === 'float');
  return (
    <div className={`jp-nb2pipe-field${given === undefined ? '' : ' jp-mod-changed'}`}>
      <label htmlFor={id} title={parameter.help}>
        {parameter.name} <span className="jp-nb2pipe-type">{parameter.type}</span>
      </label>
      {parameter.type === 'bool' && !several ? (
        <input
          id={id}
          type="checkbox"
          checked={text.toLowerCase() === 'true'}
          onChange={event => set(String(event.target.checked))}
        />
      ) : (
        <input
          id={id}
          type="text"
          inputMode={number ? 'decimal' : 'text'}
          spellCheck={false}
          value={text}
          onChange={event => set(event.target.value)}
        />
      )}
      {given !== undefined && (
        <button
          type="button"
          aria-label={props.reset}
          title={props.reset}
          onClick={() => set(null)}
        >
          ↺
        </button>
      )}
      {parameter.help && <p className="jp-nb2pipe-help">{parameter.help}</p>}
    </div>
  );
}
