package io.vivarium.images.recipe;

import io.vivarium.images.ImageException;
import io.vivarium.images.ImageException.Kind;
import io.vivarium.images.store.Recipe;
import java.util.List;
import java.util.stream.Collectors;

/** All recipes that come with Vivarium. */
public final class Recipes {
  private static final List<Recipe> ALL = List.of(new DebianTiny(), new Debian());

  private Recipes() {}

  public static List<Recipe> all() {
    return ALL;
  }

  /** The recipe for an image's name, or NOT_FOUND with the names that there are. */
  public static Recipe get(String name) throws ImageException {
    for (Recipe recipe : ALL) {
      if (recipe.name().equals(name)) {
        return recipe;
      }
    }
    throw new ImageException(
        Kind.NOT_FOUND,
        "There is no recipe for an image named " + name + ".",
        "There are recipes for "
            + ALL.stream().map(Recipe::name).collect(Collectors.joining(", "))
            + ".");
  }
}
