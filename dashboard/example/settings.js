// A product that has the dashboard in its settings: the part of it that runs in the browser. It hands the dashboard a session whenever
// that asks for one, and the look that it should have.

const frame = document.querySelector('#frame');
const look = document.querySelector('#look');
const dashboard = new URL(frame.dataset.src).origin;

/** The latest session, to be sent again with another look. It is kept in memory only. */
let latest = null;
/** Whether one is being made. */
let isMaking = false;

function show(id, is) {
  document.querySelector(id).hidden = !is;
}

function showPerson(name) {
  document.querySelector('#person').textContent = name ?? '';
  show('#sign-out', name);
  show('#sign-in', !name);
  show('#webhooks', name);
  if (name) {
    frame.src = frame.dataset.src;
  } else {
    latest = null;
    frame.removeAttribute('src');
  }
}

function send() {
  const { mode, accent, radius, font, language } = Object.fromEntries(new FormData(look));
  const theme = { mode, accent, radius: Number(radius), font, language };
  frame.contentWindow.postMessage({ type: 'rkt-portal.session', ...latest, theme }, dashboard);
}

async function handOver() {
  if (isMaking) return;
  isMaking = true;
  try {
    const response = await fetch('/webhooks-session', { method: 'POST' });
    if (response.status === 401) return showPerson(null);
    show('#trouble', !response.ok);
    if (!response.ok) return;
    latest = await response.json();
    send();
  } catch {
    // The dashboard asks again.
    show('#trouble', true);
  } finally {
    isMaking = false;
  }
}

addEventListener('message', (message) => {
  if (message.source !== frame.contentWindow || message.origin !== dashboard) return;
  switch (message.data?.type) {
    case 'rkt-portal.ready':
    case 'rkt-portal.session-needed':
      void handOver();
      break;
    case 'rkt-portal.height':
      frame.style.height = `${message.data.height}px`;
      break;
  }
});

look.addEventListener('input', () => latest && send());

for (const button of document.querySelectorAll('[data-person]')) {
  button.addEventListener('click', async () => {
    const response = await fetch(`/sign-in/${button.dataset.person}`, { method: 'POST' });
    if (response.ok) showPerson((await response.json()).name);
  });
}

document.querySelector('#sign-out').addEventListener('click', async () => {
  showPerson(null);
  await fetch('/sign-out', { method: 'POST' });
});
