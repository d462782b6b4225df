import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { Editor } from './make_editor';
import { useEditorState } from './use_editor_state';
import { cx } from '../ui/cx';
import { Icon, type IconName } from '../ui/icons';

export const mac = /Mac|iP(hone|ad|od)/.test(navigator.platform);
const shortcut = (key: string, shift = false) => (mac ? `${shift ? '⇧' : ''}⌘${key}` : `Ctrl+${shift ? 'Shift+' : ''}${key}`);

type Formats = Record<string, unknown>;

interface Tool {
  id: string;
  label: string;
  icon?: IconName;
  glyph?: ReactNode;
  keys?: string;
  active?: (formats: Formats) => boolean;
  run: (editor: Editor, formats: Formats) => void;
}

function toggle(editor: Editor, name: string, value: unknown, formats: Formats): void {
  editor.quill.focus({ preventScroll: true });
  editor.quill.format(name, formats[name] === value ? false : value, 'user');
}

const inline = (id: string, label: string, icon: IconName, key?: string): Tool => ({
  id, label, icon, ...(key ? { keys: shortcut(key) } : {}),
  active: (formats) => formats[id] === true,
  run: (editor, formats) => toggle(editor, id, true, formats),
});

const heading = (level: number): Tool => ({
  id: `header-${level}`, label: `Heading ${level}`,
  // Drawn, not written: the label says it in full.
  glyph: <span data-level={level} className="text-sm font-[620] tracking-tight before:content-['H'] after:text-2xs after:content-[attr(data-level)]" />,
  active: (formats) => formats['header'] === level,
  run: (editor, formats) => toggle(editor, 'header', level, formats),
});

const block = (id: string, label: string, icon: IconName, name: string, value: unknown, also: unknown[] = []): Tool => ({
  id, label, icon,
  active: (formats) => formats[name] === value || also.includes(formats[name]),
  run: (editor, formats) => toggle(editor, name, also.includes(formats[name]) ? formats[name] : value, formats),
});

/** Takes all formatting off the selected text, or off the line when nothing is selected. */
function clearFormats({ quill }: Editor): void {
  quill.focus({ preventScroll: true });
  const range = quill.getSelection();
  if (!range) return;
  if (range.length > 0) {
    quill.removeFormat(range.index, range.length, 'user');
    return;
  }
  const [line, offset] = quill.getLine(range.index);
  if (line) quill.removeFormat(range.index - offset, line.length(), 'user');
}

const tools = (onLink: () => void, onComment: () => void): Tool[][] => [
  [
    { id: 'undo', label: 'Undo', icon: 'undo', keys: shortcut('Z'), run: ({ quill }) => (quill.history as { undo(): void }).undo() },
    { id: 'redo', label: 'Redo', icon: 'redo', keys: shortcut('Z', true), run: ({ quill }) => (quill.history as { redo(): void }).redo() },
  ],
  [heading(1), heading(2), heading(3)],
  [inline('bold', 'Bold', 'bold', 'B'), inline('italic', 'Italic', 'italic', 'I'), inline('underline', 'Underline', 'underline', 'U'), inline('strike', 'Strikethrough', 'strike')],
  [
    block('list-bullet', 'Bulleted list', 'bullets', 'list', 'bullet'),
    block('list-ordered', 'Numbered list', 'numbers', 'list', 'ordered'),
    block('list-check', 'Checklist', 'checks', 'list', 'unchecked', ['checked']),
  ],
  [
    { id: 'link', label: 'Link', icon: 'link', keys: shortcut('K'), active: (formats) => typeof formats['link'] === 'string', run: onLink },
    inline('code', 'Code', 'code'),
    { ...block('code-block', 'Code block', 'codeBlock', 'code-block', true, ['plain', 'true']) },
    block('blockquote', 'Quote', 'quote', 'blockquote', true),
  ],
  [
    { id: 'clear', label: 'Clear formatting', icon: 'clear', run: clearFormats },
    { id: 'comment', label: 'Comment', icon: 'commentPlus', keys: mac ? '⌘⌥M' : 'Ctrl+Alt+M', run: () => onComment() },
  ],
];

/** One tab stop; the arrow keys move inside, as in every toolbar. A press with the mouse leaves the focus in the text. */
export function Toolbar({ editor, onLink, onComment }: { editor: Editor; onLink: () => void; onComment: () => void }) {
  const state = useEditorState(editor);
  const groups = tools(onLink, onComment);
  const flat = groups.flat();
  const [current, setCurrent] = useState(0);
  const bar = useRef<HTMLDivElement>(null);

  const enabled: Record<string, boolean> = { undo: state.canUndo, redo: state.canRedo };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: flat.length - 1 };
    const to = moves[event.key];
    if (event.key === 'Escape') editor.quill.focus();
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + flat.length) % flat.length;
    setCurrent(next);
    bar.current?.querySelectorAll<HTMLElement>('button')[next]?.focus();
  };

  let position = 0;
  return (
    <div
      ref={bar} role="toolbar" aria-label="Formatting" data-testid="toolbar" onKeyDown={onKeyDown}
      className="flex items-center gap-0.5 overflow-x-auto px-3 py-1.5 [scrollbar-width:none] sm:px-4 md:justify-center"
    >
      {groups.map((group, index) => (
        <span key={index} className={cx('flex shrink-0 items-center gap-0.5', index > 0 && 'ml-1 border-l border-line pl-1.5')}>
          {group.map((tool) => {
            const place = position++;
            const active = tool.active?.(state.formats) ?? false;
            const title = tool.keys ? `${tool.label} (${tool.keys})` : tool.label;
            return (
              <button
                key={tool.id} type="button" title={title} aria-label={tool.label} aria-pressed={tool.active ? active : undefined}
                aria-disabled={enabled[tool.id] === false || undefined} data-testid={`format-${tool.id}`}
                tabIndex={place === current ? 0 : -1}
                onFocus={() => setCurrent(place)}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => tool.run(editor, state.formats)}
                className="flex size-8 shrink-0 items-center justify-center rounded-md text-muted transition-colors hover:bg-hover hover:text-ink aria-disabled:opacity-35 aria-disabled:hover:bg-transparent aria-pressed:bg-accent-soft aria-pressed:text-accent"
              >
                {tool.icon ? <Icon name={tool.icon} size={18} /> : tool.glyph}
              </button>
            );
          })}
        </span>
      ))}
    </div>
  );
}
