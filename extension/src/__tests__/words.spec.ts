import { Gettext, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { Said } from '../protocol';
import { notesOf, sentence, wordsOfDifference, wordsOfVerdict } from '../words';

const MESSAGES = {
  '': { domain: 'nb2pipe', language: 'it-IT', pluralForms: 'nplurals=2; plural=(n != 1);' },
  'move cell %1 above cell %2': ['sposta la cella %1 sopra la cella %2'],
  '%1 and %2': ['%1 e %2'],
  EQUAL: ['UGUALE'],
  value: ['valore'],
  '%1 may be one object, which step `%2` changes': [
    '%1 potrebbero essere un unico oggetto, che il passo `%2` modifica'
  ]
};

function italian(): TranslationBundle {
  const found = new Gettext({ domain: 'nb2pipe', locale: 'it-IT' });
  found.loadJSON(MESSAGES as never, 'nb2pipe');
  return found;
}

describe('sentence', () => {
  const english = 'move cell 3 above cell 1';
  const said: Said = ['move cell %1 above cell %2', '3', '1'];

  it('is the text where there is nothing to translate', () => {
    expect(sentence('No space left on device', null, italian())).toBe(
      'No space left on device'
    );
    expect(sentence(english, undefined, italian())).toBe(english);
  });

  it('is what the server says where the page is English', () => {
    expect(sentence(english, said, nullTranslator.load(''))).toBe(english);
  });

  it('is translated with its arguments, which may be sentences too', () => {
    expect(sentence(english, said, italian())).toBe('sposta la cella 3 sopra la cella 1');
    const nested: Said = [
      '%1 may be one object, which step `%2` changes',
      ['%1 and %2', '`a`, `b`', '`c`'],
      'train'
    ];
    expect(sentence('', nested, italian())).toBe(
      '`a`, `b` e `c` potrebbero essere un unico oggetto, che il passo `train` modifica'
    );
  });

  it('leaves what stands in an argument as it is', () => {
    const run: Said = ['`%1` binds what that file binds', '%run %1.py'];
    expect(sentence('', run, nullTranslator.load(''))).toBe(
      '`%run %1.py` binds what that file binds'
    );
  });
});

describe('notesOf', () => {
  it('has each text with what it was made of, where that is known', () => {
    const said: Said = ['%1 and %2', 'a', 'b'];
    expect(notesOf(['a and b', 'of a record'], [said])).toEqual([
      { text: 'a and b', said },
      { text: 'of a record', said: null }
    ]);
  });
});

describe('the words of the server', () => {
  it('are translated where they are known', () => {
    expect(wordsOfVerdict('EQUAL', italian())).toBe('UGUALE');
    expect(wordsOfDifference('value', italian())).toBe('valore');
    expect(wordsOfDifference('another', italian())).toBe('another');
  });
});
