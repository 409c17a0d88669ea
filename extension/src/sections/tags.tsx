/** The tags of the cell that is active, as a form; what is written are ordinary cell tags. */

import { ICellModel } from '@jupyterlab/cells';
import * as React from 'react';

import { ISectionProps, Section } from '../parts';
import { tagsOf, writeTags } from '../edits';
import { fieldsOf, ROLES, Single, withField } from '../tags';

export function TagsSection(props: ISectionProps): React.ReactElement {
  const { session, analysis, trans } = props;
  const notebook = session.panel.content;
  const [cell, setCell] = React.useState<ICellModel | null>(
    notebook.activeCell?.model ?? null
  );
  const [, again] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    const onActive = () => setCell(notebook.activeCell?.model ?? null);
    notebook.activeCellChanged.connect(onActive);
    return () => {
      notebook.activeCellChanged.disconnect(onActive);
    };
  }, [notebook]);
  React.useEffect(() => {
    cell?.metadataChanged.connect(again);
    return () => {
      cell?.metadataChanged.disconnect(again);
    };
  }, [cell]);
  const model = notebook.model;
  if (!cell || cell.isDisposed || !model) {
    return (
      <Section name={trans.__('Tags of the cell')} open>
        <p className="jp-nb2pipe-quiet">{trans.__('No cell is active.')}</p>
      </Section>
    );
  }
  const tags = tagsOf(cell.sharedModel);
  const fields = fieldsOf(tags);
  const set = (field: Single | 'role' | 'after', value: string) => {
    const next = withField(tagsOf(cell.sharedModel), field, value);
    if (JSON.stringify(next) !== JSON.stringify(tagsOf(cell.sharedModel))) {
      writeTags(model.sharedModel, cell.sharedModel, next);
    }
  };
  const steps = analysis.steps.map(step => step.name);
  const place = notebook.activeCellIndex + 1;
  const roles = {
    parameters: trans.__('parameters of the pipeline'),
    imports: trans.__('imports'),
    functions: trans.__('functions'),
    setup: trans.__('setup'),
    metrics: trans.__('metrics'),
    skip: trans.__('not part of the pipeline')
  };
  const locked = model.readOnly;
  const text = (field: Single, label: string, example: string) => (
    <Text
      key={`${cell.id}-${field}`}
      label={label}
      placeholder={example}
      value={fields.values[field] ?? ''}
      disabled={locked}
      choices={field === 'step' ? steps : undefined}
      set={value => set(field, value)}
    />
  );
  return (
    <Section name={trans.__('Tags of cell %1', place)} open>
      <div className="jp-nb2pipe-form jp-mod-tags">
        {text('step', trans.__('Step'), trans.__('by its heading'))}
        <Choice
          label={trans.__('Role')}
          value={fields.role}
          disabled={locked}
          choices={[
            ['', trans.__('a cell of its step')],
            ...ROLES.map(role => [role, roles[role]] as [string, string])
          ]}
          set={value => set('role', value)}
        />
        <Text
          key={`${cell.id}-after`}
          label={trans.__('After')}
          placeholder={trans.__('steps, with commas')}
          value={fields.after.join(', ')}
          disabled={locked}
          choices={steps}
          set={value => set('after', value)}
        />
        <Choice
          label={trans.__('Cache')}
          value={fields.values.cache ?? ''}
          disabled={locked}
          choices={[
            ['', trans.__('where it is safe')],
            ['on', trans.__('always')],
            ['off', trans.__('never')],
            ...(['', 'on', 'off'].includes(fields.values.cache ?? '')
              ? []
              : [[fields.values.cache, fields.values.cache] as [string, string]])
          ]}
          set={value => set('cache', value)}
        />
        <details>
          <summary>{trans.__('What the step asks for')}</summary>
          {text('retries', trans.__('Retries'), '3')}
          {text('timeout', trans.__('Time limit'), '10m')}
          {text('cpus', trans.__('CPUs'), '2')}
          {text('memory', trans.__('Memory'), '4Gi')}
          {text('gpus', trans.__('GPUs'), '1')}
          {text('image', trans.__('Image'), 'python:3.12')}
        </details>
        {fields.others.length > 0 && (
          <p className="jp-nb2pipe-help">
            {trans.__('Other tags:')}{' '}
            {fields.others.map(tag => (
              <code key={tag}>{tag}</code>
            ))}
          </p>
        )}
      </div>
    </Section>
  );
}

/** A field that is written when it is left, or with Enter: half a name is no name. */
function Text(props: {
  label: string;
  placeholder: string;
  value: string;
  disabled: boolean;
  choices?: string[];
  set: (value: string) => void;
}): React.ReactElement {
  const id = React.useId();
  const [text, setText] = React.useState(props.value);
  React.useEffect(() => setText(props.value), [props.value]);
  return (
    <div className="jp-nb2pipe-field">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        type="text"
        spellCheck={false}
        value={text}
        disabled={props.disabled}
        placeholder={props.placeholder}
        list={props.choices && `${id}-list`}
        onChange={event => setText(event.target.value)}
        onBlur={() => props.set(text)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            props.set(text);
          } else if (event.key === 'Escape') {
            setText(props.value);
          }
        }}
      />
      {props.choices && (
        <datalist id={`${id}-list`}>
          {props.choices.map(choice => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string;
  disabled: boolean;
  choices: [string, string][];
  set: (value: string) => void;
}): React.ReactElement {
  const id = React.useId();
  return (
    <div className="jp-nb2pipe-field">
      <label htmlFor={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        disabled={props.disabled}
        onChange={event => props.set(event.target.value)}
      >
        {props.choices.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
