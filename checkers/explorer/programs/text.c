// SPDX-License-Identifier: Apache-2.0
//
// What the C library reads and writes for the program, and what it keeps for itself.
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "checkers/explorer/programs/harness.h"

static char text[64] = "abc";
static char other[64] = "abcdefgh";
static const char* volatile from = other;
static volatile size_t size = 8;

static void* Copy(void* unused) {
  strcpy(text, from);
  return unused;
}
static void* CopyBytes(void* unused) {
  memcpy(text, from, size);
  return unused;
}
static void* Print(void* unused) {
  snprintf(text, size, "%s", from);
  return unused;
}

static void Beside(void* (*body)(void*), int at) {
  pthread_t thread;
  pthread_create(&thread, NULL, body, NULL);
  text[at] = 1;
  pthread_join(thread, NULL);
}
static void CopyRace(int n) { Beside(Copy, n); }
static void CopyBytesRace(int n) { Beside(CopyBytes, n); }
static void PrintRace(int n) { Beside(Print, n); }

// What is written out is read for it.
static void* PutOut(void* unused) {
  fputs(text, stdout);
  return unused;
}
static void* WriteOut(void* unused) {
  const ssize_t written = write(STDOUT_FILENO, text, 3);
  (void)written;
  return unused;
}
static void PutRace(int n) { Beside(PutOut, n); }
static void WriteRace(int n) { Beside(WriteOut, n); }

static void* Cut(void* unused) {
  text[2] = 0;
  return unused;
}
static void LengthRace(int n) {
  pthread_t thread;
  text[1] = (char)(n == 0 ? 'b' : 0);  // what is behind a string's end is not read
  pthread_create(&thread, NULL, Cut, NULL);
  const size_t length = strlen(text);
  assert(length == (n == 0 ? 3 : 1));
  pthread_join(thread, NULL);
}

static void Beyond(int n) {
  char* volatile block = malloc((size_t)n);
  strcpy(block, from);
  free(block);
}
static void ForgetCopy(int n) {
  char* volatile copy = strdup(from);
  if (n == 0) copy = NULL;
  free(copy);
}

// A stream, its buffer and the environment are the C library's, in this execution and the next.
static void* Keep(void* unused) {
  char line[8];
  FILE* const zeros = fopen("/dev/zero", "r");
  assert(zeros != NULL && fread(line, 1, sizeof line, zeros) == sizeof line && line[7] == 0);
  fclose(zeros);
  setenv("HEDDLE_TEXT", from, 1);
  struct tm local;
  const time_t now = time(NULL);
  localtime_r(&now, &local);
  return unused;
}
static void Library(int n) { RunSame(n, Keep); }

int main(int argc, char** argv) {
  static const Program kPrograms[] = {
      {"copy", CopyRace},   {"copy_bytes", CopyBytesRace},
      {"print", PrintRace}, {"length", LengthRace},
      {"beyond", Beyond},   {"forget", ForgetCopy},
      {"library", Library}, {"put", PutRace},
      {"write", WriteRace},
  };
  return RunChosen(argc, argv, kPrograms, sizeof kPrograms / sizeof *kPrograms);
}
