package transcript

import (
	"fmt"
	"strings"
)

// file is a transcript, cut into steps. Lines that belong to no step are kept,
// so that a rewritten file loses nothing.
type file struct {
	lines []string
	steps []step
}

// step is an exchange or a hook.
type step struct {
	line    int      // where it starts, from 1
	hook    string   // without "!"; empty for an exchange
	request []string // without "> "
	answer  []string // without "< "
	from    int      // the answer is lines[from:to]
	to      int
	changed bool // answer is not what the lines say
}

// title is the request's first line without its query, which may be long.
func (s *step) title() string {
	first, _, _ := strings.Cut(s.request[0], "?")
	return first
}

func parseFile(text string) (*file, error) {
	f := &file{lines: strings.Split(text, "\n")}
	open := false // the last step may get more lines
	for i, line := range f.lines {
		last := len(f.steps) - 1
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			open = false
		case strings.HasPrefix(line, "!"):
			hook := strings.TrimSpace(line[1:])
			if hook == "" {
				return nil, fmt.Errorf("%d: a hook without a name", i+1)
			}
			f.steps = append(f.steps, step{line: i + 1, hook: hook})
			open = false
		case strings.HasPrefix(line, ">"):
			if !open || len(f.steps[last].answer) > 0 {
				f.steps = append(f.steps, step{line: i + 1})
				last, open = len(f.steps)-1, true
			}
			s := &f.steps[last]
			s.request = append(s.request, content(line))
			s.from, s.to = i+1, i+1
		case strings.HasPrefix(line, "<"):
			if !open {
				return nil, fmt.Errorf("%d: an answer without a request", i+1)
			}
			s := &f.steps[last]
			if len(s.answer) == 0 {
				s.from = i
			}
			s.answer = append(s.answer, content(line))
			s.to = i + 1
		default:
			return nil, fmt.Errorf("%d: a line must start with >, <, ! or #", i+1)
		}
	}
	return f, nil
}

// content is a line without its mark and the one space after it.
func content(line string) string { return strings.TrimPrefix(line[1:], " ") }

// text is the file with the answers that have changed.
func (f *file) text() string {
	var out []string
	at := 0
	for _, s := range f.steps {
		if !s.changed {
			continue
		}
		out = append(out, f.lines[at:s.from]...)
		for _, line := range f.lines[s.from:s.to] {
			if strings.HasPrefix(line, "#") { // a comment within the answer goes before it
				out = append(out, line)
			}
		}
		for _, line := range s.answer {
			if line != "" {
				line = " " + line
			}
			out = append(out, "<"+line)
		}
		at = s.to
	}
	return strings.Join(append(out, f.lines[at:]...), "\n")
}
