import { Dialog } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { configure, screen, waitFor } from '@testing-library/react';
import { BuildsWidget, JobsWidget } from '../../lists';
import { press, settle, type } from './hand';
import { Held, makeFold, makeImage, makeRun, PROBLEM, trans, Visited } from './held';

configure({ asyncUtilTimeout: 5000 });

let shown: Widget[] = [];

/** Put a widget on the page, as a main area does. */
async function attach<T extends Widget>(widget: T): Promise<T> {
  shown.push(widget);
  await settle(() => Widget.attach(widget, document.body));
  return widget;
}

function tell(model: Held): Promise<void> {
  return settle(() => (model.changed as Signal<unknown, void>).emit(undefined));
}

afterEach(async () => {
  await settle(() => {
    shown.forEach(widget => widget.dispose());
    Dialog.flush();
  });
  shown = [];
});

describe('JobsWidget', () => {
  it('opens a form for an image, and afresh when asked again', async () => {
    const model = new Held([makeRun()], { b1: makeFold({ image: makeImage('{"epochs": 20}') }) });
    const widget = await attach(new JobsWidget({ model, places: new Visited(), trans }));
    await settle(() => widget.create('digits:training', 'work/digits.ipynb'));
    type('epochs', '7');
    await settle(() => widget.create('digits:training', 'work/digits.ipynb'));
    expect(screen.getByLabelText<HTMLInputElement>('epochs').value).toBe('20');
    await press('Start training');
    expect(model.asked).toContainEqual(['train', expect.objectContaining({ image: 'digits:training' })]);
  });

  it('shows a training by its id', async () => {
    const job = makeRun({ kind: 'job', id: 'j1' });
    const widget = await attach(new JobsWidget({ model: new Held([job]), places: new Visited(), trans }));
    await settle(() => widget.select('j1'));
    expect(screen.getByRole('article', { name: 'Training with digits:training' })).toBeTruthy();
  });
});

describe('BuildsWidget', () => {
  it('follows the model while it is seen, and catches up when it is shown', async () => {
    const model = new Held([]);
    const widget = await attach(new BuildsWidget({ model, places: new Visited(), trans }));
    widget.hide();
    model.runs = [makeRun()];
    await tell(model);
    expect(screen.queryByText('digits:training')).toBeNull();
    await settle(() => widget.show());
    expect(screen.getByText('digits:training')).toBeTruthy();
  });

  it('hears nothing any more after its end', async () => {
    const model = new Held([]);
    const widget = await attach(new BuildsWidget({ model, places: new Visited(), trans }));
    await settle(() => widget.dispose());
    model.runs = [makeRun()];
    await tell(model);
    expect(screen.queryByText('digits:training')).toBeNull();
  });

  async function remove(model: Held, image: boolean, answer: string): Promise<void> {
    await attach(new BuildsWidget({ model, places: new Visited(), trans }));
    await press(/Details of/);
    await press('Delete …');
    await waitFor(() => expect(screen.getByText(/Delete the build of digits:training/)).toBeTruthy());
    if (image) {
      screen.getByLabelText<HTMLInputElement>('Also remove the image').click();
    }
    await settle(() => screen.getByText(answer).click());
  }

  it('removes a build with its image after a question, and says what space that freed', async () => {
    const model = new Held([makeRun()]);
    await remove(model, true, 'Delete');
    await waitFor(() => expect(screen.getByText(/120 MB of disk are free again/)).toBeTruthy());
    expect(model.asked).toContainEqual(['remove', 'b1', true]);
  });

  it('leaves the image where it is unless asked', async () => {
    const model = new Held([makeRun()]);
    await remove(model, false, 'Delete');
    await waitFor(() => expect(model.asked).toContainEqual(['remove', 'b1', false]));
  });

  it('removes nothing when the user keeps it', async () => {
    const model = new Held([makeRun()]);
    await remove(model, true, 'Keep it');
    expect(model.asked.filter(([what]) => what === 'remove')).toEqual([]);
  });

  it('says why the server refused', async () => {
    const model = new Held([makeRun()]);
    model.refusal = PROBLEM;
    await remove(model, false, 'Delete');
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('Not now.'));
  });
});
