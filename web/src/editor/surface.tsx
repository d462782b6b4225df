import { useEffect, useRef, useState } from 'react';
import type { DocumentSession } from '../live/document_session';
import { cx } from '../ui/cx';
import './editor.css';
import { LinkBubble } from './link_bubble';
import { makeEditor, type Editor } from './make_editor';
import { Toolbar } from './toolbar';
import { WordCount } from './word_count';

/** The text of a document, editable or not, with the toolbar if it is a rich one. */
export function EditorSurface({ live, rich, readOnly, label }: { live: DocumentSession; rich: boolean; readOnly: boolean; label: string }) {
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
      onLeave: () => {
        const next = document.querySelector<HTMLElement>('[role="toolbar"] button[tabindex="0"]') ?? document.querySelector<HTMLElement>('[data-testid="doc-title"]');
        if (next) next.focus();
        else made.quill.blur();
      },
    });
    setEditor(made);
    // On a phone the keyboard would come up before there is anything to type.
    if (!readOnly && matchMedia('(pointer: fine)').matches) made.quill.focus({ preventScroll: true });
    return () => {
      setEditor(null);
      made.destroy();
    };
  }, [live, rich, readOnly]);

  return (
    <>
      {rich && !readOnly ? (
        <div className="sticky top-14 z-20 min-h-[2.8rem] border-b border-line bg-canvas/90 backdrop-blur-md">
          {editor ? <Toolbar editor={editor} onLink={askForLink} /> : null}
        </div>
      ) : null}
      <main className={cx('relative mx-auto flex w-full flex-1 flex-col', rich ? 'max-w-[46rem]' : 'max-w-[60rem]')}>
        <div className={cx('document relative flex flex-1 flex-col', !rich && 'document-plain')}>
          <div ref={host} className="flex flex-1 flex-col" />
          {editor && rich ? <LinkBubble editor={editor} request={linkRequest} readOnly={readOnly} /> : null}
        </div>
        <WordCount text={live.content} />
      </main>
    </>
  );
}
