package customer

import (
	"strconv"
	"strings"
	"time"
)

// ParseTime reads a time in a form of ISO 8601, as the filters of lists do.
func ParseTime(s string) (time.Time, bool) { return parseISO8601(s) }

// parseISO8601 reads an ISO 8601 date, or a date and time with its zone, in the basic and the
// extended format: 2026-01-01, 2026-01-01T00:00Z, 20260101T000000+02, 2026-W01-4,
// 2026-001. A year, a month or a week alone is its beginning. Letters may be small, and a space
// may stand for the T, as RFC 3339 allows. A time without a zone, and a date alone, are UTC.
func parseISO8601(s string) (time.Time, bool) {
	s = strings.ToUpper(s)
	date, clock, hasClock := strings.Cut(s, "T")
	if !hasClock {
		date, clock, hasClock = strings.Cut(s, " ")
	}
	if !hasClock {
		if begin, ok := parsePeriod(date); ok {
			return begin, true
		}
		return parseDate(date)
	}
	day, ok := parseDate(date)
	if !ok {
		return time.Time{}, false
	}
	clock, zone, ok := cutZone(spaceIsPlus(clock))
	if !ok {
		return time.Time{}, false
	}
	past, ok := parseClock(clock)
	return day.Add(past - zone), ok
}

// spaceIsPlus gives a time of day with the "+" of its zone, which an unencoded query of a URL shows
// as a space.
func spaceIsPlus(s string) string {
	if clock, zone, ok := strings.Cut(s, " "); ok && len(clock) >= len("0000") && zone != "" && zone[0] >= '0' && zone[0] <= '9' {
		return clock + "+" + zone
	}
	return s
}

// parsePeriod reads a year, a month or a week, and gives its first day.
func parsePeriod(s string) (time.Time, bool) {
	switch {
	case len(s) == len("2026"):
		return parseDate(s + "-01-01")
	case len(s) == len("2026W01") && s[4] == 'W':
		return parseDate(s + "1")
	case len(s) == len("2026-W01") && s[4:6] == "-W":
		return parseDate(s + "-1")
	case len(s) == len("2026-01") && s[4] == '-':
		return parseDate(s + "-01")
	}
	return time.Time{}, false
}

// parseDate reads a calendar date, a week date or an ordinal date.
func parseDate(s string) (time.Time, bool) {
	year, rest, ok := cutDigits(s, 4)
	if !ok {
		return time.Time{}, false
	}
	first := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC)
	extended := strings.HasPrefix(rest, "-")
	rest = strings.TrimPrefix(rest, "-")
	if week, isWeek := strings.CutPrefix(rest, "W"); isWeek {
		return parseWeek(first, week, extended)
	}
	if len(rest) == 3 {
		n, rest, ok := cutDigits(rest, 3)
		day := first.AddDate(0, 0, n-1)
		return day, ok && rest == "" && n > 0 && day.Year() == year
	}
	month, rest, ok := cutDigits(rest, 2)
	if !ok || extended != strings.HasPrefix(rest, "-") {
		return time.Time{}, false
	}
	n, rest, ok := cutDigits(strings.TrimPrefix(rest, "-"), 2)
	day := time.Date(year, time.Month(month), n, 0, 0, 0, 0, time.UTC)
	return day, ok && rest == "" && n > 0 && int(day.Month()) == month && day.Day() == n
}

// parseWeek reads week and weekday of the year that begins with first. Week 1 holds
// January 4.
func parseWeek(first time.Time, s string, extended bool) (time.Time, bool) {
	week, rest, ok := cutDigits(s, 2)
	if !ok || extended != strings.HasPrefix(rest, "-") {
		return time.Time{}, false
	}
	n, rest, ok := cutDigits(strings.TrimPrefix(rest, "-"), 1)
	fourth := first.AddDate(0, 0, 3)
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
	day := monday.AddDate(0, 0, 7*(week-1)+n-1)
	isoYear, isoWeek := day.ISOWeek()
	return day, ok && rest == "" && n >= 1 && n <= 7 && isoYear == first.Year() && isoWeek == week
}

// parseClock reads the time of a day: hours, minutes, seconds and a fraction of the last of them.
// The end of a day may be written 24:00, and a leap second counts as the one before it.
func parseClock(s string) (time.Duration, bool) {
	s, part, hasPart := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	extended := len(s) > 2 && s[2] == ':'
	var parts [3]int
	n := 0
	for n < len(parts) && s != "" {
		if n > 0 {
			if extended != strings.HasPrefix(s, ":") {
				return 0, false
			}
			s = strings.TrimPrefix(s, ":")
		}
		var ok bool
		if parts[n], s, ok = cutDigits(s, 2); !ok {
			return 0, false
		}
		n++
	}
	hour, minute, second := parts[0], parts[1], parts[2]
	midnight := hour == 24 && minute == 0 && second == 0
	if n == 0 || s != "" || hour > 23 && !midnight || minute > 59 || second > 60 {
		return 0, false
	}
	d := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(min(second, 59))*time.Second
	if !hasPart {
		return d, true
	}
	if part == "" || strings.Trim(part, "0123456789") != "" || midnight && strings.Trim(part, "0") != "" {
		return 0, false
	}
	billionths, _ := strconv.Atoi((part + "000000000")[:9])
	of := [...]time.Duration{time.Hour, time.Minute, time.Second}[n-1]
	return d + time.Duration(billionths)*(of/time.Second), true
}

// cutZone takes the zone off the end of a time.
func cutZone(s string) (clock string, zone time.Duration, ok bool) {
	if clock, isUTC := strings.CutSuffix(s, "Z"); isUTC {
		return clock, 0, true
	}
	at := strings.LastIndexAny(s, "+-\u2212")
	if at < 0 {
		return s, 0, true
	}
	sign := time.Duration(1)
	text, plus := strings.CutPrefix(s[at:], "+")
	if !plus {
		sign, text = -1, strings.TrimPrefix(strings.TrimPrefix(text, "-"), "\u2212")
	}
	hours, rest, ok := cutDigits(text, 2)
	if !ok || hours > 23 {
		return "", 0, false
	}
	minutes := 0
	if rest != "" {
		minutes, rest, ok = cutDigits(strings.TrimPrefix(rest, ":"), 2)
	}
	zone = sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	return s[:at], zone, ok && rest == "" && minutes <= 59
}

// cutDigits reads a number of exactly n digits off the beginning.
func cutDigits(s string, n int) (value int, rest string, ok bool) {
	if len(s) < n || strings.Trim(s[:n], "0123456789") != "" {
		return 0, "", false
	}
	value, err := strconv.Atoi(s[:n])
	return value, s[n:], err == nil
}
