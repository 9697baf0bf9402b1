package page

import "encoding/base64"

// maxText bounds the text of a cursor: the longest filter in four-byte letters.
const maxText = 8192

// Text gives a cursor as clients get it, encrypted by seal.
func Text(c Cursor, seal func([]byte) []byte) string {
	plain, _ := c.MarshalBinary() // does not fail
	return base64.RawURLEncoding.EncodeToString(seal(plain))
}

// ParseText reads what Text made of a cursor of the list, or fails with ErrCursor. open decrypts.
func ParseText(text, list string, open func([]byte) ([]byte, error)) (c Cursor, err error) {
	if len(text) > maxText {
		return c, ErrCursor
	}
	encrypted, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return c, ErrCursor
	}
	plain, err := open(encrypted)
	if err != nil {
		return c, ErrCursor
	}
	if err := c.UnmarshalBinary(plain); err != nil || c.List != list {
		return Cursor{}, ErrCursor
	}
	return c, nil
}
