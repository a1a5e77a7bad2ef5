/** Days that are in the calendar: Date.parse takes the 30th of February for the 2nd of March. */

/** By the Gregorian calendar, which begins anew every 400 years (and Date.UTC takes 0 to 99 for 1900 to 1999). False too for what is no number. */
export function isCalendarDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
