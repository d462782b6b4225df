import { Registry } from 'parchment';
import Quill, { type Parchment } from 'quill/core';
import Blockquote from 'quill/formats/blockquote';
import Bold from 'quill/formats/bold';
import CodeBlock, { Code, CodeBlockContainer } from 'quill/formats/code';
import Header from 'quill/formats/header';
import IndentClass from 'quill/formats/indent';
import Italic from 'quill/formats/italic';
import Link from 'quill/formats/link';
import List, { ListContainer } from 'quill/formats/list';
import Strike from 'quill/formats/strike';
import Underline from 'quill/formats/underline';
import { kUnknown } from './showable';

const kCore = ['block', 'break', 'cursor', 'inline', 'scroll', 'text', 'container'];

const Embed = Quill.import('blots/embed') as typeof Parchment.EmbedBlot;

/**
 * Stands in the text for something that another client put there and this editor does not know: an image, a formula.
 * It takes the one place that the thing takes, so positions stay right, and it can be deleted like a character.
 */
class UnknownEmbed extends Embed {
  static override blotName = kUnknown;
  static override tagName = 'SPAN';
  static override className = 'ql-unknown';

  static override create(kind?: unknown): HTMLElement {
    const node = super.create() as HTMLElement;
    node.dataset['kind'] = String(kind);
    node.title = `This ${String(kind)} can’t be shown here`;
    return node;
  }

  /** Pasting a copy of the stand-in would not bring the thing along: nothing is pasted. */
  static override value(): unknown {
    return null;
  }
}

type Definition = Parchment.RegistryDefinition;

/** What the editor can show: everything of a rich text, or characters only. */
export function makeRegistry(rich: boolean): Registry {
  const registry = new Registry();
  for (const name of kCore) {
    const blot = Quill.import(`blots/${name}`) as Definition | undefined;
    if (blot) registry.register(blot);
  }
  registry.register(UnknownEmbed as unknown as Definition);
  if (rich) {
    const formats: unknown[] = [
      Bold, Italic, Underline, Strike, Code, Link, Header, Blockquote, ListContainer, List, CodeBlockContainer, CodeBlock, IndentClass,
    ];
    for (const format of formats) registry.register(format as Definition);
  }
  return registry;
}
