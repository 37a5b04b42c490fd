@org.jspecify.annotations.NullMarked
package io.vivarium.images.disk;
