import { useState } from 'react';
import type { Place } from '../live/anchors';
import type { Comment, Reply } from '../live/comments';
import { Button, IconButton } from '../ui/button';
import { cx } from '../ui/cx';
import { Icon } from '../ui/icons';
import { Menu, type MenuItem } from '../ui/menu';
import { Composer, type Begun } from './composer';
import { Byline, Said } from './note';
import type { Names } from './use_names';

/** What may be done in the margin, by whom; each asked of a comment or of a reply to it. */
export interface ThreadActions {
  reply: (comment: string, body: string, mentions: string[]) => void;
  edit: (at: { comment: string; reply?: string | undefined }, body: string, mentions: string[]) => void;
  remove: (at: { comment: string; reply?: string | undefined }) => void;
  resolve: (comment: string) => void;
  reopen: (comment: string) => void;
  goTo: (place: Place) => void;
}

interface ThreadProps {
  comment: Comment;
  /** Where its text is; null: it is of the whole document, or its text is gone. */
  place: Place | null;
  current: boolean;
  me: string;
  mayComment: boolean;
  mayWrite: boolean;
  names: Names;
  actions: ThreadActions;
  begun: Begun;
  onCurrent: () => void;
}

/** A comment and what was said to it. */
export function Thread({ comment, place, current, me, mayComment, mayWrite, names, actions, begun, onCurrent }: ThreadProps) {
  const [replying, setReplying] = useState(begun.has(comment.id));
  const manages = mayWrite || (mayComment && comment.author === me);
  const { resolved } = comment;
  return (
    <li
      data-testid="thread" data-note-id={comment.id} data-state={resolved ? 'resolved' : 'open'} aria-current={current || undefined} tabIndex={-1}
      onClick={onCurrent} data-quiet-focus
      className={cx('rounded-lg border bg-surface p-3 shadow-card transition-colors', current ? 'border-accent' : 'border-line')}
    >
      <Entry entry={comment} at={{ comment: comment.id }} {...{ me, mayComment, manages, names, actions, begun }} />
      <Quote comment={comment} place={place} onGo={() => { if (place) actions.goTo(place); }} />
      {comment.replies.length > 0 ? (
        <ol className="mt-3 flex flex-col gap-3 border-t border-line pt-3" aria-label="Replies">
          {comment.replies.map((reply) => (
            <li key={reply.id} data-testid="reply" data-note-id={reply.id}>
              <Entry entry={reply} at={{ comment: comment.id, reply: reply.id }} manages={mayWrite || (mayComment && reply.author === me)} {...{ me, mayComment, names, actions, begun }} />
            </li>
          ))}
        </ol>
      ) : null}
      {resolved ? <p className="mt-2 flex items-center gap-1 text-xs text-muted"><Icon name="check" size={14} />Resolved by {names.nameOf(resolved.by)}</p> : null}
      {replying ? (
        <div className="mt-3">
          <Composer label="Reply" send="Reply" placeholder="Reply, or @ somebody" people={names.people} begun={begun} of={comment.id} testId="reply"
            onSend={(body, mentions) => { actions.reply(comment.id, body, mentions); setReplying(false); }} onCancel={() => setReplying(false)} />
        </div>
      ) : mayComment ? (
        <div className="mt-2 flex gap-1">
          {resolved ? null : <Button look="quiet" className="-ml-2 h-7 px-2" onClick={() => setReplying(true)} data-testid="thread-reply">Reply</Button>}
          {manages ? resolved
            ? <Button look="quiet" className="-ml-2 h-7 px-2" onClick={() => actions.reopen(comment.id)} data-testid="thread-reopen">Open again</Button>
            : <Button look="quiet" className="h-7 px-2" onClick={() => actions.resolve(comment.id)} data-testid="thread-resolve">Resolve</Button> : null}
        </div>
      ) : null}
    </li>
  );
}

/** What it is about. Pressing it shows that in the text. */
function Quote({ comment, place, onGo }: { comment: Comment; place: Place | null; onGo: () => void }) {
  if (!comment.anchor) return null;
  const look = 'mt-2 block w-full border-l-2 pl-2 text-left text-xs';
  if (!place || place.length === 0) {
    return <p className={cx(look, 'border-line-strong text-muted')} data-testid="thread-gone"><span className="line-clamp-2 line-through">{comment.quote}</span>This text is gone.</p>;
  }
  return (
    <button type="button" onClick={onGo} data-testid="thread-quote" title="Show it in the text" className={cx(look, 'border-warn text-muted hover:text-ink')}>
      <span className="line-clamp-2">{comment.quote}</span>
    </button>
  );
}

function Entry({ entry, at, me, mayComment, manages, names, actions, begun }: {
  entry: Reply; at: { comment: string; reply?: string }; me: string; mayComment: boolean; manages: boolean; names: Names; actions: ThreadActions; begun: Begun;
}) {
  const [editing, setEditing] = useState(begun.has(`edit ${entry.id}`));
  const items: MenuItem[] = [];
  if (mayComment && entry.author === me) items.push({ label: 'Edit', icon: 'pencil', testId: 'note-edit', onSelect: () => setEditing(true) });
  if (manages) items.push({ label: 'Remove', icon: 'trash', danger: true, testId: 'note-remove', onSelect: () => actions.remove(at) });
  return (
    <article aria-label={`${names.nameOf(entry.author)} wrote`}>
      <Byline who={entry.author} at={entry.at} edited={entry.editedAt !== null} names={names}>
        {items.length > 0 && !editing ? (
          <Menu label="More" items={items} trigger={(props) => <IconButton icon="more" label="More" className="-mr-1 size-6" data-testid="note-menu" {...props} />} />
        ) : null}
      </Byline>
      <div className="mt-1">
        {editing ? (
          <Composer label="Edit" send="Save" initial={entry.body} mentions={entry.mentions.map((id) => ({ id, name: names.nameOf(id) }))} people={names.people} begun={begun} of={`edit ${entry.id}`} testId="edit"
            onSend={(body, mentions) => { actions.edit(at, body, mentions); setEditing(false); }} onCancel={() => setEditing(false)} />
        ) : <Said body={entry.body} mentions={entry.mentions} names={names} />}
      </div>
    </article>
  );
}
