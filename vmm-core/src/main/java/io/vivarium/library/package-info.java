/**
 * What is kept on disk. Every change is: write beside, fsync, rename, fsync the folder; a kill at
 * any moment leaves the old state or the new. Whether an engine lives is decided by its file lock.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.library;
