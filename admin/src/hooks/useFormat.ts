import { useMemo } from 'react';
import { useIntl } from 'react-intl';

const BYTE_UNITS = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Numbers, sizes and times as people of the chosen language write them. */
export interface Format {
  number: (value: number) => string;
  /** A size, from bytes, in units of 1,000. */
  bytes: (bytes: number) => string;
  /** A span of time, from milliseconds. */
  duration: (milliseconds: number) => string;
  /** A span of time that is only estimated, from milliseconds: no more than minutes and whole seconds. */
  roughDuration: (milliseconds: number) => string;
  /** A moment, from an ISO 8601 date, in the time zone of the browser. */
  moment: (iso: string) => string;
  list: (items: string[]) => string;
}

/** Formatters bound to the language of the administrator. */
export function useFormat(): Format {
  const intl = useIntl();
  return useMemo(() => {
    const unit = (value: number, name: string, digits: number, unitDisplay: 'short' | 'long' = 'short') =>
      intl.formatNumber(value, { style: 'unit', unit: name, unitDisplay, maximumFractionDigits: digits });

    return {
      number: (value) => intl.formatNumber(value),
      bytes: (bytes) => {
        // The short form of a byte is written "3 byte".
        if (bytes < 1000) return unit(bytes, 'byte', 0, 'long');
        const power = Math.min(BYTE_UNITS.length, Math.floor(Math.log10(bytes) / 3));
        return unit(bytes / 1000 ** power, BYTE_UNITS[power - 1] ?? 'terabyte', 1);
      },
      duration: (milliseconds) => {
        const seconds = milliseconds / 1000;
        if (seconds < 60) return unit(seconds, 'second', seconds < 10 ? 1 : 0);
        const whole = Math.round(seconds);
        if (whole < 3600) return `${unit(Math.floor(whole / 60), 'minute', 0)} ${unit(whole % 60, 'second', 0)}`;
        return `${unit(Math.floor(whole / 3600), 'hour', 0)} ${unit(Math.floor((whole % 3600) / 60), 'minute', 0)}`;
      },
      roughDuration: (milliseconds) => {
        const seconds = Math.max(1, Math.round(milliseconds / 1000));
        if (seconds < 60) return unit(seconds < 10 ? seconds : Math.ceil(seconds / 5) * 5, 'second', 0);
        const minutes = Math.round(seconds / 60);
        if (minutes < 60) return unit(minutes, 'minute', 0);
        return `${unit(Math.floor(minutes / 60), 'hour', 0)} ${unit(minutes % 60, 'minute', 0)}`;
      },
      moment: (iso) => intl.formatDate(iso, { dateStyle: 'medium', timeStyle: 'short' }),
      list: (items) => intl.formatList(items, { type: 'conjunction' }),
    };
  }, [intl]);
}
