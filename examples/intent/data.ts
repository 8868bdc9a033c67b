import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { integerBelow, type Random, seededRandom } from '../../bench/random.ts';
import type { ExampleRow, RowSource } from '../rows.ts';
import { pick, sentenceOf, type Vocabulary } from './sentences.ts';
import { NAMES, WORDS } from './words.ts';

/** The package's intents, by what they are about. */
const LABELS: Readonly<Record<string, readonly string[]>> = {
  ' on': ['HassTurnOn'],
  ' off': ['HassTurnOff'],
  ' light': ['HassLightSet'],
  ' heating': ['HassClimateSetTemperature', 'HassClimateGetTemperature', 'HassClimateSetFanMode'],
  ' volume': ['HassSetVolume', 'HassSetVolumeRelative', 'HassMediaPlayerMute', 'HassMediaPlayerUnmute'],
  ' music': [
    'HassMediaPause',
    'HassMediaUnpause',
    'HassMediaNext',
    'HassMediaPrevious',
    'HassMediaSearchAndPlay',
  ],
  ' timer': ['HassStartTimer', 'HassCancelTimer', 'HassPauseTimer', 'HassTimerStatus', 'HassIncreaseTimer'],
  ' list': [
    'HassShoppingListAddItem',
    'HassShoppingListCompleteItem',
    'HassListAddItem',
    'HassListCompleteItem',
    'HassListRemoveItem',
  ],
};
/** Sentences that are drawn of each template. */
const DRAWS = 12;

interface IntentFile {
  readonly intents: Readonly<
    Record<string, { readonly data: readonly { readonly sentences: readonly string[] }[] }>
  >;
  readonly lists: Readonly<Record<string, List>>;
  readonly expansion_rules: Readonly<Record<string, string>>;
}

interface List {
  readonly values?: readonly (string | { readonly in: string })[];
  readonly range?: { readonly from: number; readonly to: number };
}

/** Commands to a home, drawn from the templates in the Python package `home-assistant-intents`. */
export const intentRows: RowSource = async (directory) => {
  const path = join(directory, 'home_assistant_intents', 'data', 'en.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as IntentFile;
  const random = seededRandom(1);
  const rows: ExampleRow[] = [];
  for (const [label, intents] of Object.entries(LABELS)) {
    const vocabulary = vocabularyOf(file, NAMES[label] ?? [], random);
    const blocks = intents.flatMap((intent) => file.intents[intent]?.data ?? []);
    for (const template of new Set(blocks.flatMap(({ sentences }) => sentences))) {
      for (let i = 0; i < DRAWS; i++) {
        const text = sentenceOf(template, vocabulary, random);
        rows.push({ text: random() < 0.5 ? text : capitalised(text), label, group: template });
      }
    }
  }
  return rows;
};

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function vocabularyOf(
  { lists, expansion_rules: rules }: IntentFile,
  names: readonly string[],
  random: Random,
): Vocabulary {
  const vocabulary: Vocabulary = {
    rules,
    valueOf(name) {
      const words = name === 'name' ? names : WORDS[name];
      if (words !== undefined) return pick(words, random);
      const { values, range } = lists[name] ?? {};
      if (range !== undefined) return String(range.from + integerBelow(random, range.to - range.from + 1));
      if (values === undefined) throw new Error(`There are no words for {${name}}`);
      const value = pick(values, random);
      return sentenceOf(typeof value === 'string' ? value : value.in, vocabulary, random);
    },
  };
  return vocabulary;
}
