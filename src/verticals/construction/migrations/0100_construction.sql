-- The building-materials vertical: products, customers, job sites, suppliers, stock, quotes, orders.
--
-- Every key, unique and foreign key leads with tenant_id, so that no constraint tells one tenant about another. user_id
-- has no foreign key: users are never deleted, the id comes from a verified token, and the check would lock the seller's
-- row in every sale.

-- Search: the words of a row's names, one row each. Prefixes are ranges over a btree, because row-level security keeps
-- LIKE, tsvector and trigram operators (not leakproof) from using an index at all.
create table search_words (
  tenant_id uuid not null,
  kind text not null,
  word text collate "C" not null,
  id uuid not null,
  primary key (tenant_id, id, word)
);
create unique index search_words_word on search_words (tenant_id, kind, word, id);
call protect_tenant_table('search_words');
grant select, insert, delete on search_words to basecommerce_vertical;

-- Words as they are compared: lower case, without accents, at most 40 characters. What is typed goes through the same.
create function words_of(text) returns setof text language sql immutable parallel safe as $$
  select distinct left(word, 40)
  from regexp_split_to_table(
    lower(translate($1, 'ÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäåéèêëíìîïóòôõöúùûüçñ',
                        'AAAAAAEEEEIIIIOOOOOUUUUCNaaaaaaeeeeiiiiooooouuuucn')),
    '[[:space:]!-/:-@\[-`{-~]+') as word
  where word <> ''
$$;

-- Arguments: the kind, then the columns whose words are kept.
create function keep_search_words() returns trigger language plpgsql as $$
declare
  kept text;
begin
  if tg_op <> 'INSERT' then
    delete from search_words where tenant_id = old.tenant_id and id = old.id;
  end if;
  if tg_op <> 'DELETE' then
    select string_agg(to_jsonb(new) ->> field, ' ') into kept from unnest(tg_argv[1:]) field;
    insert into search_words (tenant_id, kind, word, id) select new.tenant_id, tg_argv[0], word, new.id from words_of(kept) word;
  end if;
  return null;
end $$;

-- Last number given out of each kind of document; locked from the moment a number is taken until COMMIT, so numbers
-- have no gaps.
create table document_numbers (
  tenant_id uuid not null references tenants,
  kind text not null check (kind in ('quote', 'order')),
  last bigint not null,
  primary key (tenant_id, kind)
) with (fillfactor = 50);
call protect_tenant_table('document_numbers');
grant select, insert, update on document_numbers to basecommerce_vertical;

create table products (
  tenant_id uuid not null references tenants,
  id uuid not null,
  code text,
  name text not null,
  description text,
  category text,
  unit text not null check (unit in ('UN', 'KG', 'M', 'M2', 'M3', 'L', 'SC', 'CX')),
  base_price numeric(18,2) not null check (base_price >= 0),
  active boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- What others show of it stands in the key: no wider index of the shop is ever the cheaper guess for one row.
  primary key (tenant_id, id) include (name, unit)
);
create unique index products_code on products (tenant_id, code);
create index products_name on products (tenant_id, name, id);
create index products_active on products (tenant_id, active, name, id);
create index products_category on products (tenant_id, category, name, id);
create trigger products_words after insert or delete or update of name, code on products
  for each row execute function keep_search_words('product', 'name', 'code');
call protect_tenant_table('products');
grant select, insert, update, delete on products to basecommerce_vertical;

-- What a product cost from when on; old_price is null for its first.
create table product_prices (
  tenant_id uuid not null,
  id uuid not null,
  product_id uuid not null,
  old_price numeric(18,2),
  new_price numeric(18,2) not null,
  user_id uuid,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, product_id) references products on delete cascade
);
create index product_prices_product on product_prices (tenant_id, product_id, created_at, id);
call protect_tenant_table('product_prices');
grant select, insert on product_prices to basecommerce_vertical;

create table customers (
  tenant_id uuid not null references tenants,
  id uuid not null,
  kind text not null check (kind in ('individual', 'company')),
  name text not null,
  document text,
  email text,
  phone text,
  address json,
  notes text,
  anonymized_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id) include (name)
);
create unique index customers_document on customers (tenant_id, document);
create index customers_name on customers (tenant_id, name, id);
create index customers_kind on customers (tenant_id, kind, name, id);
create trigger customers_words after insert or delete or update of name, document, email on customers
  for each row execute function keep_search_words('customer', 'name', 'document', 'email');
call protect_tenant_table('customers');
grant select, insert, update, delete on customers to basecommerce_vertical;

create table job_sites (
  tenant_id uuid not null,
  id uuid not null,
  customer_id uuid not null,
  name text not null,
  address json,
  notes text,
  active boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  -- So that a document can only name a site of its own customer.
  unique (tenant_id, customer_id, id),
  foreign key (tenant_id, customer_id) references customers
);
create index job_sites_name on job_sites (tenant_id, name, id);
create index job_sites_customer on job_sites (tenant_id, customer_id, name, id);
create trigger job_sites_words after insert or delete or update of name on job_sites
  for each row execute function keep_search_words('job_site', 'name');
call protect_tenant_table('job_sites');
grant select, insert, update, delete on job_sites to basecommerce_vertical;

create table suppliers (
  tenant_id uuid not null references tenants,
  id uuid not null,
  name text not null,
  document text,
  email text,
  phone text,
  active boolean not null default true,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id) include (name)
);
create unique index suppliers_document on suppliers (tenant_id, document);
create index suppliers_name on suppliers (tenant_id, name, id);
create index suppliers_active on suppliers (tenant_id, active, name, id);
create trigger suppliers_words after insert or delete or update of name, document on suppliers
  for each row execute function keep_search_words('supplier', 'name', 'document');
call protect_tenant_table('suppliers');
grant select, insert, update, delete on suppliers to basecommerce_vertical;

create table supplier_prices (
  tenant_id uuid not null,
  id uuid not null,
  supplier_id uuid not null,
  product_id uuid not null,
  price numeric(18,2) not null check (price >= 0),
  min_quantity numeric(18,3) check (min_quantity > 0),
  payment_days integer check (payment_days >= 0),
  user_id uuid,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, supplier_id) references suppliers,
  foreign key (tenant_id, product_id) references products
);
create index supplier_prices_supplier on supplier_prices (tenant_id, supplier_id, created_at, id);
create index supplier_prices_product on supplier_prices (tenant_id, product_id, supplier_id, created_at, id);
call protect_tenant_table('supplier_prices');
grant select, insert on supplier_prices to basecommerce_vertical;

-- A product without a row has a level of 0: it never moved.
create table stock_levels (
  tenant_id uuid not null,
  product_id uuid not null,
  quantity numeric(18,3) not null,
  updated_at timestamptz not null,
  primary key (tenant_id, product_id),
  foreign key (tenant_id, product_id) references products
) with (fillfactor = 70);
call protect_tenant_table('stock_levels');
grant select, insert, update on stock_levels to basecommerce_vertical;

create table quotes (
  tenant_id uuid not null,
  id uuid not null,
  number text not null,
  status text not null check (status in ('draft', 'sent', 'approved', 'converted', 'cancelled')),
  customer_id uuid not null,
  job_site_id uuid,
  discount_percent numeric(5,2) not null check (discount_percent between 0 and 100),
  valid_days integer not null check (valid_days > 0),
  delivery_date date,
  notes text,
  total_value numeric(18,2) not null,
  user_id uuid,
  order_id uuid,
  sent_at timestamptz,
  expires_at timestamptz,
  approved_at timestamptz,
  converted_at timestamptz,
  cancelled_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, customer_id) references customers,
  foreign key (tenant_id, customer_id, job_site_id) references job_sites (tenant_id, customer_id, id)
);
create unique index quotes_number on quotes (tenant_id, number);
-- With the customer, so that the newest documents of customers of some name are found without reading the documents.
create index quotes_created on quotes (tenant_id, created_at, id) include (customer_id);
create index quotes_status on quotes (tenant_id, status, created_at, id) include (customer_id);
create index quotes_customer on quotes (tenant_id, customer_id, created_at, id);
create index quotes_job_site on quotes (tenant_id, customer_id, job_site_id) where job_site_id is not null;
create index quotes_approved on quotes (tenant_id, approved_at) include (status) where approved_at is not null;
call protect_tenant_table('quotes');
grant select, insert, update on quotes to basecommerce_vertical;

create table quote_items (
  tenant_id uuid not null,
  quote_id uuid not null,
  position integer not null,
  product_id uuid not null,
  quantity numeric(18,3) not null check (quantity > 0),
  unit_price numeric(18,2) not null check (unit_price >= 0),
  discount_percent numeric(5,2) not null check (discount_percent between 0 and 100),
  notes text,
  total_value numeric(18,2) not null,
  primary key (tenant_id, quote_id, position),
  foreign key (tenant_id, quote_id) references quotes,
  foreign key (tenant_id, product_id) references products
);
create index quote_items_product on quote_items (tenant_id, product_id);
call protect_tenant_table('quote_items');
grant select, insert, update, delete on quote_items to basecommerce_vertical;

create table orders (
  tenant_id uuid not null,
  id uuid not null,
  number text not null,
  status text not null check (status in ('pending', 'preparing', 'out_for_delivery', 'delivered', 'cancelled')),
  quote_id uuid,
  customer_id uuid not null,
  job_site_id uuid,
  discount_percent numeric(5,2) not null check (discount_percent between 0 and 100),
  delivery_date date,
  delivery_address json,
  notes text,
  total_value numeric(18,2) not null,
  user_id uuid,
  delivered_at timestamptz,
  cancelled_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, quote_id) references quotes,
  foreign key (tenant_id, customer_id) references customers,
  foreign key (tenant_id, customer_id, job_site_id) references job_sites (tenant_id, customer_id, id)
);
create unique index orders_number on orders (tenant_id, number);
-- One order for a quote, for ever.
create unique index orders_quote on orders (tenant_id, quote_id) where quote_id is not null;
-- With the customer, so that the newest documents of customers of some name are found without reading the documents.
create index orders_created on orders (tenant_id, created_at, id) include (customer_id);
create index orders_status on orders (tenant_id, status, created_at, id) include (customer_id);
create index orders_customer on orders (tenant_id, customer_id, created_at, id);
create index orders_job_site on orders (tenant_id, customer_id, job_site_id) where job_site_id is not null;
-- With what the dashboard adds up, so that it need not visit the rows.
create index orders_delivered on orders (tenant_id, delivered_at) include (total_value) where delivered_at is not null;
call protect_tenant_table('orders');
grant select, insert, update on orders to basecommerce_vertical;

alter table quotes add constraint quotes_order foreign key (tenant_id, order_id) references orders;

create table order_items (
  tenant_id uuid not null,
  order_id uuid not null,
  position integer not null,
  product_id uuid not null,
  quantity numeric(18,3) not null check (quantity > 0),
  unit_price numeric(18,2) not null check (unit_price >= 0),
  discount_percent numeric(5,2) not null check (discount_percent between 0 and 100),
  notes text,
  total_value numeric(18,2) not null,
  primary key (tenant_id, order_id, position),
  foreign key (tenant_id, order_id) references orders,
  foreign key (tenant_id, product_id) references products
);
create index order_items_product on order_items (tenant_id, product_id);
call protect_tenant_table('order_items');
grant select, insert, update on order_items to basecommerce_vertical;

create table stock_movements (
  tenant_id uuid not null,
  id uuid not null,
  product_id uuid not null,
  movement_type text not null check (movement_type in ('in', 'out', 'adjustment', 'sale')),
  quantity numeric(18,3) not null,
  old_quantity numeric(18,3) not null,
  new_quantity numeric(18,3) not null,
  reason text,
  order_id uuid,
  user_id uuid,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, product_id) references products,
  foreign key (tenant_id, order_id) references orders
);
create index stock_movements_created on stock_movements (tenant_id, created_at, id);
create index stock_movements_product on stock_movements (tenant_id, product_id, created_at, id);
call protect_tenant_table('stock_movements');
grant select, insert on stock_movements to basecommerce_vertical;

-- The ledger is append-only for everybody but this: a person's data goes, the figures stay. It finds a customer's orders'
-- events by the instant they were written at, through an index that costs a write nothing (one entry for 128 pages). It
-- notes what each payload is now, as the ledger's chain keeps what it was; events that wait for another attempt of an
-- engine, or are dead, are copies.
create index event_log_occurred on event_log using brin (occurred_at);

create function redact_customer_in_ledger(wanted uuid, mask text) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
  made record;
  redacted integer := 0;
begin
  for made in select o.id, o.created_at from orders o where o.tenant_id = tenant and o.customer_id = wanted loop
    with changed as (
      update event_log e
      set payload = (e.payload::jsonb || jsonb_build_object('customer_name', mask, 'delivery_address', null))::json
      where e.occurred_at = made.created_at and e.tenant_id = tenant and e.stream = 'construction'
        and e.event_type = 'order_created' and e.key = made.id::text
      returning e.seq, e.tenant_id, event_chain_digest(e.payload) as payload_digest
    )
    insert into event_redaction as r (seq, tenant_id, payload_digest)
    select seq, tenant_id, payload_digest from changed
    on conflict (seq) do update set payload_digest = excluded.payload_digest, redacted_at = now();
    if found then
      redacted := redacted + 1;
    end if;
    update parked_event p
    set payload = (p.payload::jsonb || jsonb_build_object('customer_name', mask, 'delivery_address', null))::json
    where p.tenant_id = tenant and p.key = made.id::text and p.stream = 'construction' and p.event_type = 'order_created';
  end loop;
  return redacted;
end $$;
revoke all on function redact_customer_in_ledger(uuid, text) from public;
grant execute on function redact_customer_in_ledger(uuid, text) to basecommerce_vertical;
