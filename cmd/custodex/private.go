package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// privateFile is a file that only its owner can read. It appears whole or not at all, so
// that a reader never sees half of it. It is begun before its content exists, so that a
// folder which cannot be written to is noticed in time.
type privateFile struct {
	path string
	temp *os.File
}

func beginPrivate(path string) (*privateFile, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, withHint(fmt.Errorf("write %s: %w", path, err), "is the folder there, and may you write to it?")
	}
	return &privateFile{path, temp}, nil
}

// finish writes the content and moves the file to its path.
func (p *privateFile) finish(data []byte) error {
	_, err := p.temp.Write(data)
	if err := errors.Join(err, p.temp.Sync(), p.temp.Close()); err != nil {
		return err
	}
	return os.Rename(p.temp.Name(), p.path)
}

// discard removes a file that was not finished. It does nothing after finish.
func (p *privateFile) discard() {
	_ = p.temp.Close()           // it may be closed
	_ = os.Remove(p.temp.Name()) // it may be gone
}

// writePrivate begins and finishes a private file.
func writePrivate(path string, data []byte) error {
	p, err := beginPrivate(path)
	if err != nil {
		return err
	}
	defer p.discard()
	return p.finish(data)
}

// mustNotExist refuses to overwrite a file, which may be the only copy.
func mustNotExist(path string) error {
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return withHint(fmt.Errorf("%s is there already", path), "name a new file")
}
