"""The tables of known calls: what a call changes, keeps, returns and touches. Data, apart from code.

One JSON file a library, ``<library>.json``, written by ``tools/known_calls/generate.py`` out of what stands in
``tools/known_calls/<library>.txt`` and of what the library's own modules and signatures say. Rows of one shape share an
entry: ``shapes[i]`` holds the fields of every name in ``calls[i]``. ``consensus.json`` says what all known classes with
a method of one name agree on.

Keys of ``calls`` are the dotted names that a notebook would write (``numpy.random.shuffle``,
``pandas.DataFrame.drop``, ``list.append``, ``print``); builtins stand without a prefix. A method is a row
``<class>.<method>``, looked up along ``bases``. A class is called by its own name: ``pandas.DataFrame`` in ``calls``
is its constructor (its type is ``returns``). An empty row is a call that changes nothing, keeps nothing, and
returns something new of unknown type. A call without a row is assumed to change and keep everything it is given.

The fields of a call, all optional:

    params    positional parameter names in order, without self; needed where another field names one;
              "*" as the last name stands for all further positional arguments
    mutates   what it changes: "self", or a parameter's name. "self*" / "x*" when also what it holds
              changes (pipe.fit fits its steps). "self?inplace" when only if that argument is true,
              "x?copy=False" when only if it is false, "x?overwrite_a|overwrite_b" when one of them is true;
              "out" when a parameter that is changed where it is given. "*" for every argument, deep.
    alias     what the result shares with what was given (default "fresh": nothing that can be changed):
              "self" it is the receiver; "view" its buffer is the receiver's (or the first argument's);
              "elements" it is, or holds, what the receiver and arguments hold; "args" it is, or holds, the
              arguments and receiver themselves; "arg:NAME" it is that argument; "view:NAME,NAME" its buffer is one of
              theirs; "later" it goes through what was given when it is consumed, and gives what is new. With a
              condition as in ``mutates`` it is fresh where that does not hold
    keeps     what the receiver keeps a reference to: parameter names or "*" (list.append keeps its argument)
    returns   the dotted type name of the result, as it stands in ``classes``, or several with "|" between them; "None"
              for none
    calls     parameters that are called during the call (df.apply: func; sorted: key)
    lazy      true where what is in ``calls`` is called later, when the result is consumed (map, filter)
    touches   [kind, key, mode] of what it touches in the world. kind: file, random, environment, cwd, setting,
              network, clock, display. key: for a file the parameter that holds the path (or "self" when the
              receiver is the path), "+.npy" behind it where the call adds that; or "*"; else the resource's key.
              mode: "read", "write" (change), "set" (replace whole, such as a seed).
              [kind, key, mode, "if", PARAM, [values]] only when that argument is one of the values;
              [kind, key, mode, "without", [PARAMS]] only when none of these is given, or None is given;
              [kind, key, mode, "reads" or "writes", PARAM] only when that argument is a mode that does so, "r" by default
    fixed     the kind of thing the result is when it cannot be pickled (file, connection, generator, lock, thread, ...)
    seeds     of a constructor: the parameter without which its instances draw from the global state; "*" where they
              draw only if what they are given does; "NAME?shuffle" where a seed is needed only then. A touch that
              ends in ["unless", "seeded"] holds for the others only, ["unless", "seeded", "PARAM,PARAM"] unless
              all that these parameters are given is seeded
    items     the types of the parts of a tuple that is returned; the parts know each other
    holds     [holder, held, ...]: parameters, two by two, of which the first keeps the second (heapq.heappush)
    constant  true where the result depends on nothing but the arguments, and cannot be changed (str.upper)

The fields of a class: ``bases`` (dotted names), ``immutable`` true where no instance can be changed (str, int,
pandas.Timestamp), ``iterator`` true where iterating it changes it, ``fixed`` as above, ``item`` the type of what
indexing or iterating gives, ``select`` that of indexing with a list, a slice or a mask, ``item_alias`` how that shares
("view" for ndarray, default "elements"; "fresh"), ``draws`` the generator that iterating it draws from, ``seedless``
true where what its instances do needs no seed, ``callable`` the name of the method that calling an instance runs.
Fields of an attribute: ``returns``, ``alias``.
"""
