package tests

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"custodex.dev/internal/fault"
	"custodex.dev/internal/web"
)

// errorsPage lists every error code. It is made from the source.
const errorsPage = "doc/errors.md"

// TestPolicyErrorsPage keeps doc/errors.md what the source says; -update writes it. A code
// belongs to one kind of fault, so that it means one thing in every API.
func TestPolicyErrorsPage(t *testing.T) {
	t.Parallel()
	found := sourceCodes(t)
	if len(found) < 60 {
		t.Errorf("only %d codes were found: this test looks in the wrong place", len(found))
	}
	for _, complaint := range codeComplaints(found) {
		t.Error(complaint)
	}
	want := writeErrorsPage(t, found)
	path := filepath.Join(root, errorsPage)
	got, err := os.ReadFile(path)
	if err == nil && string(got) == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the source says (%v); `go test ./tests -update` writes it", errorsPage, err)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

func codeComplaints(found map[string]*codeUse) []string {
	var list []string
	for code, use := range found {
		if !snakeCase.MatchString(code) {
			list = append(list, fmt.Sprintf("the code %q is no snake_case", code))
		}
		if len(use.kinds) != 1 {
			list = append(list, fmt.Sprintf("the code %s has the kinds %v, want one", code, slices.Sorted(maps.Keys(use.kinds))))
		}
	}
	slices.Sort(list)
	return list
}

func TestPolicyErrorsPageRule(t *testing.T) {
	t.Parallel()
	source := "package x\n\nconst codeLate = \"too_late\"\n\nvar (\n" +
		"\ta = fault.New(fault.Conflict, codeLate, \"Come \"+\"earlier\")\n" +
		"\tb = fault.Wrap(err, fault.Invalid, \"BadName\", \"no\")\n" +
		"\tc = store.NotFound(\"group\")\n" +
		"\td = fault.New(fault.Invalid, \"too_late\", \"Come earlier\")\n" +
		"\te = fault.New(fault.Invalid, of.Code, of.Message)\n)\n"
	tree := sourceFile{"x.go", []byte(source)}.parse(token.NewFileSet())
	constants, found := map[string]string{}, map[string]*codeUse{}
	readConstants(tree, constants)
	ast.Inspect(tree, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			noteCode(call, constants, found)
		}
		return true
	})
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, []string{"BadName", "group_not_found", "too_late"}) {
		t.Fatalf("the codes are %q", got)
	}
	if got := found["too_late"].messages; !slices.Equal(got, []string{"Come earlier"}) {
		t.Errorf("the messages are %q", got)
	}
	want := []string{`the code "BadName" is no snake_case`, "the code too_late has the kinds [Conflict Invalid], want one"}
	if got := codeComplaints(found); !slices.Equal(got, want) {
		t.Errorf("codeComplaints = %q, want %q", got, want)
	}
}

// A codeUse is what the source says of one code.
type codeUse struct {
	kinds    map[string]bool
	messages []string // in the order of the source
}

// codeFunctions make a fault of a kind that their name says. The code is their first
// argument; NotFound gets a noun and adds the rest.
var codeFunctions = map[string]string{"unavailable": "Unavailable", "NotFound": "NotFound"}

// sourceCodes reads the program's code for the codes of faults: the argument behind a kind.
func sourceCodes(t *testing.T) map[string]*codeUse {
	t.Helper()
	fset := token.NewFileSet()
	constants := map[string]string{}
	var trees []*ast.File
	for _, f := range sourceFiles(t, ".go") {
		if f.isTest() || !f.within("internal") || f.within("internal/testkit", "internal/store/storetest", "internal/bench") {
			continue
		}
		if tree := f.parse(fset); tree != nil {
			trees = append(trees, tree)
			readConstants(tree, constants)
		}
	}
	found := map[string]*codeUse{
		"internal":          {kinds: map[string]bool{"Internal": true}, messages: []string{"Internal server error"}},
		"validation_failed": {kinds: map[string]bool{"Invalid": true}, messages: []string{"Validation failed"}},
	}
	for _, tree := range trees {
		ast.Inspect(tree, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				noteCode(call, constants, found)
			}
			return true
		})
	}
	return found
}

// readConstants notes the constants that are texts, by their name alone.
func readConstants(tree *ast.File, into map[string]string) {
	ast.Inspect(tree, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for i, name := range spec.Names {
				if i < len(spec.Values) {
					if text, ok := literal(spec.Values[i], nil); ok {
						into[name.Name] = text
					}
				}
			}
		}
		return true
	})
}

// verbs are the places of a format that fmt fills.
var verbs = regexp.MustCompile(`%[a-z]`)

// literal gives the text of a literal, of a sum of literals, of a format, or of a constant; "…"
// stands for what is not known.
func literal(e ast.Expr, constants map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text, true
		}
	case *ast.BinaryExpr:
		left, okLeft := literal(e.X, constants)
		right, okRight := literal(e.Y, constants)
		switch {
		case okLeft && !okRight:
			return left + "…", true
		case okRight && !okLeft:
			return "…" + right, true
		}
		return left + right, okLeft && okRight
	case *ast.CallExpr:
		if lastName(e.Fun) == "Sprintf" && len(e.Args) > 0 {
			text, ok := literal(e.Args[0], constants)
			return verbs.ReplaceAllString(text, "…"), ok
		}
	case *ast.Ident, *ast.SelectorExpr:
		text, ok := constants[lastName(e)]
		return text, ok
	}
	return "", false
}

// noteCode notes the code of a call that makes a fault.
func noteCode(call *ast.CallExpr, constants map[string]string, found map[string]*codeUse) {
	kind, suffix := codeFunctions[lastName(call.Fun)], ""
	args := call.Args
	if lastName(call.Fun) == "NotFound" {
		suffix = "_not_found"
	}
	if kind == "" {
		at := slices.IndexFunc(args, func(e ast.Expr) bool {
			s, ok := e.(*ast.SelectorExpr)
			pkg, isName := ast.Expr(nil), false
			if ok {
				pkg = s.X
				_, isName = pkg.(*ast.Ident)
			}
			return ok && isName && lastName(pkg) == "fault" && s.Sel.IsExported()
		})
		if at < 0 || lastName(call.Fun) != "New" && lastName(call.Fun) != "Wrap" {
			return
		}
		kind, args = lastName(args[at]), args[at+1:]
	}
	if len(args) == 0 {
		return
	}
	code, ok := literal(args[0], constants)
	if !ok || strings.Contains(code, "…") {
		return // it is that of another fault, or a parameter
	}
	code += suffix
	use := found[code]
	if use == nil {
		use = &codeUse{kinds: map[string]bool{}}
		found[code] = use
	}
	use.kinds[kind] = true
	message := strings.ReplaceAll(code, "_", " ")
	if len(args) > 1 {
		message, ok = literal(args[1], constants)
	}
	if ok && !slices.Contains(use.messages, message) {
		use.messages = append(use.messages, message)
	}
}

// kindsInOrder are the kinds, with what they mean for a caller.
var kindsInOrder = [][2]string{
	{"Invalid", "The request can never work."},
	{"Unauthenticated", "The credentials are absent or wrong."},
	{"Forbidden", "The caller is known and may not."},
	{"NotFound", "There is no such thing for this application."},
	{"Conflict", "A duplicate, a clash of idempotency keys, or the wrong state."},
	{"Stale", "The version that the caller holds is old."},
	{"TooLarge", "The request is too big."},
	{"TooMany", "Over a limit; `Retry-After` says when to try again."},
	{"Unavailable", "Try again; nothing is wrong with the request."},
	{"Internal", "A bug of ours. The log has the cause, with the request id of the answer."},
}

const errorsHead = `# Error codes

<!-- written by make golden from the source; tests/errors_test.go -->

Every error of every API has one code. The answer carries it in the header ` + "`Custodex-Error`" + `, for example
` + "`Custodex-Error: email_taken`" + `; the management API has it in the body too. A code means the same in every API, and it
does not change ([versions.md](versions.md)). Sentences may change. A program should look at the status, then at the code, and treat a
code that it does not know like others of the same status.

The statuses of a kind are in the order Devdraft, Yativo, Xtrakit, management. Wrong requests as such have statuses of their own in every
API: %s.
In Yativo and Xtrakit ` + "`validation_failed` and `email_taken` are 422; `cursor_expired`, which only the management API has, is 410" + `.
The published pages word some errors in their own way; the text here is the program's own.
`

// ownStatuses lists the codes of wrong requests whose status is not that of their kind.
func ownStatuses(found map[string]*codeUse) string {
	var list []string
	for code, use := range found {
		status := web.InvalidStatus(fault.New(fault.Invalid, code, ""))
		if use.kinds["Invalid"] && status != http.StatusBadRequest {
			list = append(list, fmt.Sprintf("`%s` %d", code, status))
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

var statusLine = regexp.MustCompile(`(?m)^([a-z ]+): (?:some_code.*\n  (?:[A-Z]+ +)?)?(\d{3})\b`)

// writeErrorsPage writes the page. The statuses are those of the dialects' own golden files.
func writeErrorsPage(t *testing.T, found map[string]*codeUse) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, errorsHead, ownStatuses(found))
	statuses := map[string][]string{}
	for _, dialect := range []string{"devdraft", "yativo", "xtrakit", "manage"} {
		golden, err := os.ReadFile(filepath.Join(root, "internal/web", dialect, "testdata/kinds.golden"))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{} // the first one; later ones are of other routes
		for _, m := range statusLine.FindAllStringSubmatch(string(golden), -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				statuses[m[1]] = append(statuses[m[1]], m[2])
			}
		}
	}
	for _, kind := range kindsInOrder {
		words := strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(kind[0], "$1 $2"))
		title := strings.ToUpper(words[:1]) + words[1:]
		fmt.Fprintf(&b, "\n## %s\n\n%s Statuses: %s.\n", title, kind[1], cmp.Or(strings.Join(statuses[words], ", "), "as for the others"))
		var rows []string
		for code, use := range found {
			if use.kinds[kind[0]] {
				text := strings.ReplaceAll(strings.Join(use.messages, " / "), "|", "\\|")
				rows = append(rows, fmt.Sprintf("| `%s` | %s |\n", code, text))
			}
		}
		if len(rows) == 0 {
			continue
		}
		slices.Sort(rows)
		b.WriteString("\n| code | text |\n| --- | --- |\n" + strings.Join(rows, ""))
	}
	return b.String()
}
