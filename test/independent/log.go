package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/transparency-dev/formats/log"
	cosignature "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Log is known by its key, its cosigners by theirs.
type Log struct {
	origin    string
	verifiers note.Verifiers
	signers   int
}

func newLog(logKey string, cosignerKeys []string) (*Log, error) {
	signer, err := note.NewVerifier(logKey)
	if err != nil {
		return nil, fmt.Errorf("the log's key: %w", err)
	}
	all := []note.Verifier{signer}
	for _, key := range cosignerKeys {
		cosigner, err := cosignature.NewVerifierForCosignatureV1(key)
		if err != nil {
			return nil, fmt.Errorf("a cosigner's key: %w", err)
		}
		all = append(all, cosigner)
	}
	return &Log{signer.Name(), note.VerifierList(all...), len(all)}, nil
}

// open is the checkpoint of a note that the log has signed and every cosigner cosigned, and nobody else.
func (l *Log) open(text string) (*log.Checkpoint, error) {
	opened, err := note.Open([]byte(text), l.verifiers)
	if err != nil {
		return nil, err
	}
	if len(opened.Sigs) != l.signers || len(opened.UnverifiedSigs) > 0 {
		return nil, fmt.Errorf("%d of %d signatures, and %d unknown", len(opened.Sigs), l.signers, len(opened.UnverifiedSigs))
	}
	// The last character of base64 has bits that mean nothing; Go's reader takes any.
	for _, sig := range opened.Sigs {
		if err := strict(sig.Base64); err != nil {
			return nil, err
		}
	}
	var checkpoint log.Checkpoint
	rest, err := checkpoint.Unmarshal([]byte(opened.Text))
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 || checkpoint.Origin != l.origin {
		return nil, fmt.Errorf("a checkpoint of %s", checkpoint.Origin)
	}
	return &checkpoint, nil
}

// includes says whether the record is in the log, by both implementations.
func (l *Log) includes(body []byte, text string) error {
	var path proof.TLogProof
	if err := path.Unmarshal([]byte(text)); err != nil {
		return err
	}
	if !bytes.Equal(path.Marshal(), []byte(text)) {
		return errors.New("the proof is written otherwise")
	}
	checkpoint, err := l.open(string(path.Checkpoint))
	if err != nil {
		return err
	}
	hashes := make(tlog.RecordProof, len(path.Hashes))
	slices := make([][]byte, len(path.Hashes))
	for n, hash := range path.Hashes {
		hashes[n], slices[n] = hash, hash[:]
	}
	size, index := int64(checkpoint.Size), int64(path.Index)
	goErr := tlog.CheckRecord(hashes, size, tlog.Hash(checkpoint.Hash), index, tlog.RecordHash(body))
	leaf := rfc6962.DefaultHasher.HashLeaf(body)
	otherErr := merkle.VerifyInclusion(rfc6962.DefaultHasher, path.Index, checkpoint.Size, leaf, slices, checkpoint.Hash)
	return agreed(goErr, otherErr)
}

// extends says whether the log of the proof's checkpoint begins with that of the earlier one, by both implementations.
func (l *Log) extends(from, text string) error {
	earlier, err := l.open(from)
	if err != nil {
		return err
	}
	head, checkpointText, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != fmt.Sprintf("old %d", earlier.Size) {
		return errors.New("not a proof from that checkpoint")
	}
	later, err := l.open(checkpointText)
	if err != nil {
		return err
	}
	hashes := make(tlog.TreeProof, len(lines)-1)
	slices := make([][]byte, len(lines)-1)
	for n, line := range lines[1:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return fmt.Errorf("line %d is no hash", n+2)
		}
		hashes[n], slices[n] = tlog.Hash(hash), hash
	}
	goErr := tlog.CheckTree(hashes, int64(later.Size), tlog.Hash(later.Hash), int64(earlier.Size), tlog.Hash(earlier.Hash))
	otherErr := merkle.VerifyConsistency(rfc6962.DefaultHasher, earlier.Size, later.Size, slices, earlier.Hash, later.Hash)
	return agreed(goErr, otherErr)
}

func strict(text string) error {
	_, err := base64.StdEncoding.Strict().DecodeString(text)
	return err
}

// agreed panics where the two implementations do not: then neither can be relied upon.
func agreed(one, other error) error {
	if (one == nil) != (other == nil) {
		panic(fmt.Sprintf("golang.org/x/mod says %v, transparency-dev says %v", one, other))
	}
	return one
}
