/** What a user does, and the time that the answers take. */
import { MessageLoop } from '@lumino/messaging';
import { act, fireEvent, screen } from '@testing-library/react';

/** Do something and let all that follows from it happen. */
export function settle(work: () => unknown = () => undefined): Promise<void> {
  return act(async () => {
    await work();
    MessageLoop.flush();
  });
}

export function press(name: string | RegExp): Promise<void> {
  return settle(() => fireEvent.click(screen.getByRole('button', { name })));
}

export function type(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}
