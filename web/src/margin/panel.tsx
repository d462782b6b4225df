import { useEffect, useId, useRef } from 'react';
import { Button, IconButton } from '../ui/button';
import { Composer, kNewComment } from './composer';
import { SuggestionCard } from './suggestion_card';
import { Thread } from './thread';
import type { Item, Margin } from './use_margin';
import type { Names } from './use_names';

/** The margin: beside the text where there is room, a sheet over its foot where there is not. */
export function MarginPanel({ margin, names, onLeave }: { margin: Margin; names: Names; onLeave: () => void }) {
  const title = useId();
  const panel = useRef<HTMLElement>(null);
  const { composing, items } = margin;
  const close = () => { margin.setOpen(false); onLeave(); };
  useEffect(() => {
    // What opened it may have put the focus inside already.
    if (!panel.current?.contains(document.activeElement)) panel.current?.focus({ preventScroll: true });
  }, []);
  return (
    <aside
      ref={panel} aria-labelledby={title} tabIndex={-1} data-testid="margin" data-quiet-focus
      onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); close(); } }}
      className="flex flex-col border-line bg-canvas max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:z-40 max-lg:max-h-[62dvh] max-lg:rounded-t-xl max-lg:border-t max-lg:shadow-dialog max-lg:animate-rise lg:sticky lg:top-14 lg:h-[calc(100dvh-3.5rem)] lg:w-80 lg:shrink-0 lg:border-l"
    >
      <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line pr-2 pl-4">
        <h2 id={title} className="flex-1 text-sm font-[620]">Comments</h2>
        {margin.mayComment ? <IconButton icon="commentPlus" label="Comment on the document" onClick={() => margin.compose(true)} data-testid="comment-whole" /> : null}
        <IconButton icon="close" label="Close" onClick={close} data-testid="margin-close" />
      </header>
      <div className="flex-1 overflow-y-auto overscroll-contain p-3">
        {composing ? (
          <div className="mb-3 rounded-lg border border-accent bg-surface p-3 shadow-card" data-testid="composing">
            {composing.anchor ? <p className="mb-2 line-clamp-2 border-l-2 border-warn pl-2 text-xs text-muted">{composing.quote}</p> : <p className="mb-2 text-xs text-muted">On the whole document</p>}
            <Composer key={composing.quote} label="Comment" send="Comment" placeholder="Comment, or @ somebody" people={names.people} begun={margin.begun} of={kNewComment} testId="comment" onSend={margin.send} onCancel={margin.cancel} />
          </div>
        ) : null}
        {items.length === 0 && !composing ? <Empty margin={margin} /> : null}
        <ol aria-label="Comments and suggestions" className="flex flex-col gap-3">
          {items.map((item) => <MarginItem key={item.kind === 'comment' ? item.comment.id : item.suggestion.id} item={item} margin={margin} names={names} />)}
        </ol>
        {margin.hiddenCount > 0 ? (
          <Button look="quiet" className="mt-3 w-full" aria-pressed={margin.showsDone} onClick={() => margin.setShowsDone(!margin.showsDone)} data-testid="show-done">
            {margin.showsDone ? 'Hide what is settled' : `Show what is settled (${margin.hiddenCount})`}
          </Button>
        ) : null}
      </div>
    </aside>
  );
}

function MarginItem({ item, margin, names }: { item: Item; margin: Margin; names: Names }) {
  const { me, mayComment, maySuggest, mayWrite, actions, begun } = margin;
  if (item.kind === 'comment') {
    const { comment, place } = item;
    return <Thread {...{ comment, place, me, mayComment, mayWrite, names, actions, begun }} current={margin.current === comment.id} onCurrent={() => margin.setCurrent(comment.id)} />;
  }
  const { suggestion } = item;
  const { effects, before } = margin.state;
  return (
    <SuggestionCard
      {...{ suggestion, before, me, maySuggest, mayWrite, names }} effect={effects.get(suggestion.id)} current={margin.current === suggestion.id} onCurrent={() => margin.setCurrent(suggestion.id)}
      onAccept={() => margin.accept(suggestion.id)} onReject={() => margin.reject(suggestion.id)} onGo={(at) => actions.goTo({ index: at, length: 0 })}
    />
  );
}

function Empty({ margin }: { margin: Margin }) {
  return (
    <p className="px-2 py-6 text-center text-sm text-balance text-muted" data-testid="margin-empty">
      {margin.hiddenCount > 0 ? 'Everything is settled.' : margin.mayComment ? 'Select some text and comment on it, or comment on the whole document.' : 'Nobody has commented on this document.'}
    </p>
  );
}
