/** What the server says about this console: where the API is, how people sign in, whether changes are offered. */

interface PageSettings {
  readonly baseUrl: string;
  readonly isReadOnly: boolean;
  readonly signIn?: { readonly issuer: string; readonly clientId: string; readonly scope: string };
}

export const settings: PageSettings = readSettingsOfPage();

function readSettingsOfPage(): PageSettings {
  const text = document.querySelector<HTMLMetaElement>('meta[name="console-settings"]')?.content ?? "";
  try {
    return JSON.parse(text) as PageSettings;
  } catch {
    return { baseUrl: "", isReadOnly: false };
  }
}

/** The address of the API, for calls and for commands that people copy. */
export const apiUrl = `${location.origin}${settings.baseUrl}`;
