import { fieldsOf, withField } from '../tags';

describe('fieldsOf', () => {
  it('reads the tags that nb2pipe knows, and leaves the others alone', () => {
    const fields = fieldsOf([
      'mine',
      'step:load',
      'after:a',
      'after:b',
      'retries:3',
      'skip'
    ]);
    expect(fields).toEqual({
      role: 'skip',
      after: ['a', 'b'],
      values: { step: 'load', retries: '3' },
      others: ['mine']
    });
  });

  it('keeps what is there twice among the others', () => {
    expect(fieldsOf(['step:a', 'step:b', 'setup', 'skip']).others).toEqual([
      'step:b',
      'skip'
    ]);
  });

  it('takes a value with colons whole', () => {
    expect(fieldsOf(['image:python:3.12']).values.image).toBe('python:3.12');
  });
});

describe('withField', () => {
  it('puts the new tag where the old one stood', () => {
    expect(withField(['a', 'step:x', 'b'], 'step', 'y')).toEqual(['a', 'step:y', 'b']);
  });

  it('adds behind the others what was not there', () => {
    expect(withField(['a'], 'timeout', '10m')).toEqual(['a', 'timeout:10m']);
  });

  it('takes a tag away where the value is empty', () => {
    expect(withField(['a', 'step:x'], 'step', '  ')).toEqual(['a']);
    expect(withField(['parameters', 'a'], 'role', '')).toEqual(['a']);
  });

  it('has one role, and one tag for each step that comes before', () => {
    expect(withField(['imports', 'x'], 'role', 'setup')).toEqual(['setup', 'x']);
    expect(withField(['after:a', 'x'], 'after', 'b, c b')).toEqual([
      'after:b',
      'after:c',
      'x'
    ]);
  });

  it('changes nothing that it was not asked for', () => {
    const tags = ['z', 'step:a', 'nb2pipe:ignore=NB501', 'after:q'];
    const fields = fieldsOf(tags);
    expect(withField(tags, 'step', fields.values.step ?? '')).toEqual(tags);
    expect(withField(tags, 'after', fields.after.join(','))).toEqual(tags);
  });
});
