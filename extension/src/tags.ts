/** Cell tags as fields of a form, and back: ordinary tags, of which those that are not nb2pipe's stay as they are. */

export const ROLES = [
  'parameters',
  'imports',
  'functions',
  'setup',
  'metrics',
  'skip'
] as const;

export type Role = (typeof ROLES)[number];

/** The tags with a value of which a cell has one. */
export const SINGLE = [
  'step',
  'retries',
  'timeout',
  'cache',
  'cpus',
  'memory',
  'gpus',
  'image'
] as const;

export type Single = (typeof SINGLE)[number];

export interface IFields {
  role: Role | '';
  after: string[];
  values: Partial<Record<Single, string>>;
  /** What the form does not know: others' tags, Kale's spellings, codes that are silenced. */
  others: string[];
}

/** The fields of a cell's tags; what is there twice, or is a second role, stays among the others. */
export function fieldsOf(tags: readonly string[]): IFields {
  const fields: IFields = { role: '', after: [], values: {}, others: [] };
  for (const tag of tags) {
    const colon = tag.indexOf(':');
    const prefix = colon < 0 ? '' : tag.slice(0, colon);
    const value = tag.slice(colon + 1);
    if (!fields.role && (ROLES as readonly string[]).includes(tag)) {
      fields.role = tag as Role;
    } else if (prefix === 'after') {
      fields.after.push(value);
    } else if (
      (SINGLE as readonly string[]).includes(prefix) &&
      fields.values[prefix as Single] === undefined
    ) {
      fields.values[prefix as Single] = value;
    } else {
      fields.others.push(tag);
    }
  }
  return fields;
}

/** The tags with one field changed; each tag that stays keeps its place. An empty value takes the tag away. */
export function withField(
  tags: readonly string[],
  field: Single | 'role' | 'after',
  value: string
): string[] {
  const text = value.trim();
  let wanted: string[];
  let mine: (tag: string) => boolean;
  if (field === 'role') {
    wanted = text ? [text] : [];
    mine = tag => (ROLES as readonly string[]).includes(tag);
  } else if (field === 'after') {
    const names = text.split(/[,\s]+/).filter(Boolean);
    wanted = [...new Set(names)].map(name => `after:${name}`);
    mine = tag => tag.startsWith('after:');
  } else {
    wanted = text ? [`${field}:${text}`] : [];
    mine = tag => tag.startsWith(`${field}:`);
  }
  const place = tags.findIndex(mine);
  const rest = tags.filter(tag => !mine(tag));
  rest.splice(place < 0 ? rest.length : place, 0, ...wanted);
  return rest;
}
