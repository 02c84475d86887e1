/** How far back occurrences of an alert are told apart. */
export const HORIZON_DAYS = 30;
