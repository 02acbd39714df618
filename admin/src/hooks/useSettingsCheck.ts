import { useEffect } from 'react';

interface SettingsCheck {
  /** Version of the settings that the page goes by. */
  version: string;
  /** Version that the status tells. */
  told: string | undefined;
  check: () => void;
}

/** Asks for the settings again when the server says that they are others, and when somebody comes back to the window. */
export function useSettingsCheck({ version, told, check }: SettingsCheck): void {
  useEffect(() => {
    if (told !== undefined && told !== version) check();
  }, [version, told, check]);

  useEffect(() => {
    window.addEventListener('focus', check);
    return () => {
      window.removeEventListener('focus', check);
    };
  }, [check]);
}
