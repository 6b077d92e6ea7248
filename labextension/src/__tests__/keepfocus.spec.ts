import { keepFocus } from '../keepfocus';

describe('keepFocus', () => {
  let node: HTMLElement;
  let button: HTMLButtonElement;
  let other: HTMLButtonElement;

  beforeEach(() => {
    document.body.innerHTML = '<div tabindex="-1"><p><button>in</button></p></div><button>out</button>';
    node = document.querySelector('div') as HTMLElement;
    [button, other] = [...document.querySelectorAll('button')];
  });

  const settled = () => new Promise(resolve => setTimeout(resolve));

  it('takes the focus of an element that is removed', async () => {
    const keeping = keepFocus(node);
    button.focus();
    button.remove();
    await settled();
    expect(document.activeElement).toBe(node);
    keeping.dispose();
  });

  it('leaves alone who went elsewhere', async () => {
    const keeping = keepFocus(node);
    button.focus();
    other.focus();
    button.remove();
    await settled();
    expect(document.activeElement).toBe(other);
    keeping.dispose();
  });

  it('leaves alone who went to nothing', async () => {
    const keeping = keepFocus(node);
    button.focus();
    button.blur();
    await settled();
    button.remove();
    await settled();
    expect(document.activeElement).toBe(document.body);
    keeping.dispose();
  });

  it('ends', async () => {
    keepFocus(node).dispose();
    button.focus();
    button.remove();
    await settled();
    expect(document.activeElement).toBe(document.body);
  });
});
