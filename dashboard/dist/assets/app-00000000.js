// A placeholder: the page says that it was served and that its settings can be read.
const settings = JSON.parse(document.getElementById("dashboard-settings").textContent);
document.getElementById("app").textContent = `Webhooks (${settings.headerPrefix}…)`;
