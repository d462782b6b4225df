import { useState } from 'react';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { FormProblem } from './entrance';
import { useSubmit } from './use_submit';

/** Asks for a name. */
export function NameDialog<T>({ title, action, name, work, onDone, onClose }: {
  title: string; action: string; name: string; work: (name: string) => Promise<T>; onDone: (result: T) => void; onClose: () => void;
}) {
  const [text, setText] = useState(name);
  const form = useSubmit(() => work(text.trim()), onDone);
  return (
    <Dialog title={title} onClose={onClose} testId="name-dialog">
      <form onSubmit={form.submit} className="flex flex-col gap-5" noValidate>
        <FormProblem problem={form.beside('name')} />
        <Field label="Name" data-autofocus autoComplete="off" maxLength={100} value={text} error={form.at('name')}
          onChange={(event) => setText(event.target.value)} onFocus={(event) => event.target.select()} data-testid="name-field" />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={form.busy} disabled={!text.trim() || text.trim() === name} data-testid="name-submit">{action}</Button>
        </div>
      </form>
    </Dialog>
  );
}
