/** The image store: read-only images by digest, and a catalogue of names. */
@org.jspecify.annotations.NullMarked
package io.vivarium.images.store;
