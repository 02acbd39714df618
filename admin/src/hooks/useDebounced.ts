import { useEffect, useState } from 'react';

/**
 * A value that follows another one once it has rested.
 *
 * @param ms how long it has to rest.
 */
export function useDebounced<Value>(value: Value, ms: number): Value {
  const [rested, setRested] = useState(value);

  useEffect(() => {
    const timer = setTimeout(() => {
      setRested(value);
    }, ms);
    return () => {
      clearTimeout(timer);
    };
  }, [value, ms]);

  return rested;
}
