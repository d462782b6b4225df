import { useEffect, useRef, useState, type ReactNode } from 'react';
import { cx } from '../ui/cx';
import './editor.css';
import { LinkBubble } from './link_bubble';
import { makeEditor, type Editor, type Shown } from './make_editor';
import { Toolbar } from './toolbar';
import { WordCount } from './word_count';

/** What is edited, and whom it is told that somebody types. */
export type Editable = Shown & { typed: () => void };

/** The text of a document, editable or not, with the toolbar if it is a rich one. */
export function EditorSurface({ live, rich, readOnly, label, bar, aside, onEditor, onComment, children }: {
  live: Editable; rich: boolean; readOnly: boolean; label: string;
  /** Stays in sight above the text. */
  bar?: ReactNode;
  /** Something stands beside the text. */
  aside: boolean;
  onEditor: (editor: Editor | null) => void;
  onComment: () => void;
  /** Laid over the text. */
  children?: ReactNode;
}) {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor | null>(null);
  const [linkRequest, setLinkRequest] = useState(0);
  const askForLink = () => setLinkRequest((count) => count + 1);
  const labelled = useRef(label);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const made = makeEditor(element, live, {
      rich, readOnly,
      label: `Text of ${labelled.current}`,
      placeholder: readOnly ? 'This document is empty.' : rich ? 'Write something. “# ” makes a heading, “- ” a list.' : 'Write something.',
      onLink: askForLink,
      onTyped: () => live.typed(),
      onLeave: () => {
        const next = document.querySelector<HTMLElement>('[role="toolbar"] button[tabindex="0"]') ?? document.querySelector<HTMLElement>('[data-testid="doc-title"]');
        if (next) next.focus();
        else made.quill.blur();
      },
    });
    setEditor(made);
    onEditor(made);
    // On a phone the keyboard would come up before there is anything to type.
    if (!readOnly && matchMedia('(pointer: fine)').matches) made.quill.focus({ preventScroll: true });
    return () => {
      setEditor(null);
      onEditor(null);
      made.destroy();
    };
  }, [live, rich, readOnly, onEditor]);

  return (
    <>
      {(rich && !readOnly) || bar ? (
        <section aria-label="Tools" className="sticky top-14 z-20 border-b border-line bg-canvas/90 backdrop-blur-md">
          {rich && !readOnly ? <div className="min-h-[2.75rem]">{editor ? <Toolbar editor={editor} onLink={askForLink} onComment={onComment} /> : null}</div> : null}
          {bar}
        </section>
      ) : null}
      <main className={cx('relative mx-auto flex w-full flex-1 flex-col', rich ? 'max-w-[46rem]' : 'max-w-[60rem]')}>
        <div className={cx('document relative flex flex-1 flex-col', !rich && 'document-plain')}>
          <div ref={host} className="flex flex-1 flex-col" />
          {editor ? children : null}
          {editor && rich ? <LinkBubble editor={editor} request={linkRequest} readOnly={readOnly} /> : null}
        </div>
        <WordCount text={live.content} aside={aside} />
      </main>
    </>
  );
}
