import { Registry } from 'parchment';
import type { Root } from 'parchment';
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

const kCore = ['block', 'break', 'cursor', 'inline', 'scroll', 'text', 'container'];

const Embed = Quill.import('blots/embed') as typeof Parchment.EmbedBlot;

/**
 * Stands in the text for something that another client put there and this editor does not know: an image, a formula.
 * It takes the one place that the thing takes, so positions stay right, and it can be deleted like a character.
 */
class UnknownEmbed extends Embed {
  static override blotName = 'unknown';
  static override tagName = 'SPAN';
  static override className = 'ql-unknown';

  static override create(kind?: unknown): HTMLElement {
    const node = super.create() as HTMLElement;
    const label = typeof kind === 'string' && /^[a-z][a-z0-9_-]{0,30}$/i.test(kind) ? kind : 'object';
    node.dataset['kind'] = label;
    node.title = `This ${label} can’t be shown here`;
    return node;
  }

  /** Pasting a copy of the stand-in would not bring the thing along: nothing is pasted. */
  static override value(): unknown {
    return null;
  }
}

/** Quill throws for an embed of an unknown kind, which would let any writer break the page of all others. */
class TolerantRegistry extends Registry {
  override create(scroll: Root, input: Node | string | Parchment.Scope, value?: unknown): Parchment.Blot {
    if (typeof input === 'string' && this.query(input) === null) return super.create(scroll, UnknownEmbed.blotName, input);
    return super.create(scroll, input as Node, value);
  }
}

type Definition = Parchment.RegistryDefinition;

/** What the editor can show: everything of a rich text, or characters only. */
export function makeRegistry(rich: boolean): Registry {
  const registry = new TolerantRegistry();
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
